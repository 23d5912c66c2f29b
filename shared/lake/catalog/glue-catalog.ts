import { setTimeout } from 'node:timers/promises';
import {
  CreateTableCommand,
  GetTableCommand,
  GlueClient,
  type Table,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { CommitConflict, ConfigurationError } from '../../errors.ts';
import type { Catalog, CatalogTable } from './catalog.ts';
import { catalogError, isNamed } from './glue-errors.ts';
import { isBehind, tableInput } from './glue-table.ts';

/** Each zone's database. */
export type Databases = Record<CatalogTable['zone'], string>;

/** After this many lost races the step fails with a conflict, and the state machine waits before it retries. */
const MAX_ATTEMPTS = 8;
const MAX_WAIT_MS = 1_000;

/** In milliseconds. Glue normally answers within a second. */
const TIMEOUTS = { connectionTimeout: 5_000, socketTimeout: 30_000 };

/** @param region default: the SDK's choice, which in Lambda is the function's region */
export const glueClient = (region?: string): GlueClient =>
  new GlueClient({ maxAttempts: 6, requestHandler: TIMEOUTS, ...(region !== undefined && { region }) });

/** Glue's errors when another writer made, changed or removed the entry between our read and our write. */
const LOST_RACE = ['ConcurrentModificationException', 'AlreadyExistsException', 'EntityNotFoundException'];

/**
 * The AWS Glue Data Catalog, where Athena, EMR, Redshift and others find tables by name. An update names the version of
 * the entry that it has read, so that of two writers the one with the older metadata cannot win.
 *
 * @param pause waits the given milliseconds between attempts
 */
export const glueCatalog = (
  client: GlueClient,
  databases: Databases,
  pause: (ms: number) => Promise<unknown> = setTimeout,
): Catalog => {
  /** One attempt: false if another writer was faster. */
  const attempt = async (table: CatalogTable, where: string, onRequest: () => void): Promise<boolean> => {
    const DatabaseName = databases[table.zone];
    onRequest();
    const entry = await findEntry(client, DatabaseName, table.name);
    if (entry !== undefined && !isBehind(entry, table, where)) return true;
    const TableInput = tableInput(table, entry);
    const { VersionId } = entry ?? {};
    onRequest();
    try {
      await (entry === undefined
        ? client.send(new CreateTableCommand({ DatabaseName, TableInput }))
        : // The metadata files are the archive. An archive in Glue would use up its quota of versions.
          client.send(
            new UpdateTableCommand({
              DatabaseName,
              TableInput,
              SkipArchive: true,
              ...(VersionId !== undefined && { VersionId }),
            }),
          ));
      return true;
    } catch (error) {
      if (entry === undefined && isNamed(error, 'EntityNotFoundException'))
        throw new ConfigurationError(
          `Glue has no database ${DatabaseName} for the tables of ${table.zone}. Deploy the stack again (npx sls deploy), then redrive.`,
          { cause: error },
        );
      if (isNamed(error, ...LOST_RACE)) return false;
      throw error;
    }
  };

  return {
    point: async (table, onRequest = () => undefined) => {
      const where = `${databases[table.zone]}.${table.name}`;
      for (let tried = 0; tried < MAX_ATTEMPTS; tried++) {
        if (tried > 0) await pause(Math.random() * Math.min(MAX_WAIT_MS, 25 * 2 ** tried));
        const settled = await attempt(table, where, onRequest).catch((error: unknown) => {
          throw catalogError(error, where);
        });
        if (settled) return;
      }
      throw new CommitConflict(
        `${where}: other writers changed its entry in Glue ${MAX_ATTEMPTS} times in a row`,
      );
    },
  };
};

const findEntry = async (
  client: GlueClient,
  DatabaseName: string,
  Name: string,
): Promise<Table | undefined> => {
  try {
    return (await client.send(new GetTableCommand({ DatabaseName, Name }))).Table;
  } catch (error) {
    // If the database is missing too, creating the table will fail and say so.
    if (isNamed(error, 'EntityNotFoundException')) return undefined;
    throw error;
  }
};
