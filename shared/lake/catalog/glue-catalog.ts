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

/** Who loses that often yields to the others, and lets the state machine wait. */
const MAX_ATTEMPTS = 8;
const MAX_WAIT_MS = 1_000;

/** Glue answers within a second or is in trouble, as S3 does. */
const TIMEOUTS = { connectionTimeout: 5_000, socketTimeout: 30_000 };

/** @param region the SDK's own choice when absent: in Lambda, the function's */
export const glueClient = (region?: string): GlueClient =>
  new GlueClient({ maxAttempts: 6, requestHandler: TIMEOUTS, ...(region !== undefined && { region }) });

/** Someone else made, changed or removed the entry between our reading and our writing. */
const LOST_RACE = ['ConcurrentModificationException', 'AlreadyExistsException', 'EntityNotFoundException'];

/**
 * The AWS Glue Data Catalog, where Athena, EMR, Redshift and others find tables by name. Updates name the version
 * of the entry that they read, so that of two writers the one with the older metadata cannot win.
 *
 * @param pause waits so many milliseconds, between attempts
 */
export const glueCatalog = (
  client: GlueClient,
  databases: Databases,
  pause: (ms: number) => Promise<unknown> = setTimeout,
): Catalog => {
  const find = async (
    DatabaseName: string,
    Name: string,
    onRequest: () => void,
  ): Promise<Table | undefined> => {
    onRequest();
    try {
      return (await client.send(new GetTableCommand({ DatabaseName, Name }))).Table;
    } catch (error) {
      // The database may be missing as well: making the table will tell.
      if (isNamed(error, 'EntityNotFoundException')) return undefined;
      throw error;
    }
  };

  /** One attempt: true unless somebody else was faster. */
  const attempt = async (table: CatalogTable, where: string, onRequest: () => void): Promise<boolean> => {
    const DatabaseName = databases[table.zone];
    const entry = await find(DatabaseName, table.name, onRequest);
    if (entry !== undefined && !isBehind(entry, table, where)) return true;
    const TableInput = tableInput(table, entry);
    const { VersionId } = entry ?? {};
    onRequest();
    try {
      await (entry === undefined
        ? client.send(new CreateTableCommand({ DatabaseName, TableInput }))
        : // The metadata files are the archive: Glue's own would fill up its quota of versions.
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
      throw new CommitConflict(`${where}: others changed its entry in Glue ${MAX_ATTEMPTS} times in a row`);
    },
  };
};
