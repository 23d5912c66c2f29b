import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Contract } from '../../contract/model.ts';
import { InvalidInput, ObjectMissing } from '../../errors.ts';
import { schema as icebergSchema, partitionSpec } from '../../lake/iceberg/metadata-schema.ts';
import { sameSchema } from '../../lake/iceberg/schema.ts';
import type { Schema } from '../../lake/iceberg/types.ts';
import { lakePaths } from '../../lake/paths.ts';
import type { ObjectStore } from '../../lake/storage/object-store.ts';
import { dataFileSchema } from '../../lake/table/data-file-schema.ts';
import type { TableSchema } from '../../lake/table/draft.ts';
import { silverLayout } from './silver-table.ts';

/**
 * A run's staged files: Transform writes this list as JSON, and LoadToGold commits what it names. Executions continue
 * across a deployment, so a list of an earlier build is read as well, and keys of a later build are ignored.
 */
export const StagedSilver = z.object({
  /** Equal for equal rows in any order. It does not depend on the run that brings them, or on the time. */
  content: z.string(),
  /** Schema of the files: it numbers their columns. */
  schema: icebergSchema,
  /** Field ids by the identity of the contract's column. */
  columnIds: z.record(z.string(), z.number()),
  /** Partition spec of the files. */
  spec: partitionSpec,
  /** Identities of the primary key's columns: Transform kept one row of each key. Earlier builds do not name it. */
  key: z.array(z.string()).exactOptional(),
  files: z.array(dataFileSchema),
  /** Time of writing, in ISO 8601. Earlier builds do not name it. */
  stagedAt: z.string().exactOptional(),
});
export type StagedSilver = z.infer<typeof StagedSilver>;

/**
 * Writes a run's list.
 *
 * @returns its key
 */
export const writeStagedSilver = async (
  silver: Pick<ObjectStore, 'write'>,
  runId: string,
  staged: StagedSilver,
): Promise<string> => {
  const key = lakePaths.staging(runId, 'silver-files.json');
  await silver.write(key, JSON.stringify(staged, null, 2));
  return key;
};

/**
 * Reads a run's list.
 *
 * @throws ObjectMissing when maintenance has removed it; InvalidInput when it is damaged
 */
export const readStagedSilver = async (
  silver: Pick<ObjectStore, 'read'>,
  key: string,
): Promise<StagedSilver> => {
  const list = await silver.read(key);
  if (list === undefined)
    throw new ObjectMissing(
      `Staged ${key} is gone from silver. Replay the file (\`duckstep replay KEY\`) to start over.`,
    );
  const parsed = StagedSilver.safeParse(jsonIn(list));
  if (parsed.success) return parsed.data;
  throw new InvalidInput(
    `Staged ${key} in silver is not a list of staged files: ${z.prettifyError(parsed.error)}. Replay the file (\`duckstep replay KEY\`) to start over.`,
  );
};

/** Undefined for text that is not JSON. */
const jsonIn = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
};

/** How the table lays files out, beside the rows in them. */
export type StagedLayout = Pick<StagedSilver, 'schema' | 'columnIds' | 'spec' | 'key'>;

export const stagedLayout = (contract: Contract, { schema, columnIds }: TableSchema): StagedLayout => ({
  schema,
  columnIds: columnIds.current,
  spec: silverLayout(contract, { schema }).spec,
  key: contract.columns
    .filter(({ name }) => contract.primaryKey.includes(name))
    .map(({ identity }) => identity)
    .toSorted(),
});

/**
 * Whether staged files can be committed as they are: their columns are numbered and their rows are split as the layout
 * says, and one row was kept of each of its keys.
 */
export const isLaidOut = (staged: StagedLayout, { schema, spec, key }: StagedLayout): boolean =>
  sameFields(staged.schema, schema) &&
  isDeepStrictEqual(staged.spec, spec) &&
  isDeepStrictEqual(staged.key, key);

/** Whether files that were written by one schema can be read by the other as they are. */
const sameFields = (a: Schema, b: Schema): boolean =>
  sameSchema({ ...a, 'identifier-field-ids': [] }, { ...b, 'identifier-field-ids': [] });
