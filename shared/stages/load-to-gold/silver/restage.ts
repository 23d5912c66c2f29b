import { isDeepStrictEqual, types } from 'node:util';
import { inParallel } from '../../../base/in-parallel.ts';
import { DAY_MS } from '../../../base/time.ts';
import { failureReason } from '../../../engine/failure-reason.ts';
import { ident } from '../../../engine/sql.ts';
import { ObjectMissing, SchemaIncompatible } from '../../../errors.ts';
import { storedType } from '../../../lake/iceberg/duckdb-types.ts';
import { findField } from '../../../lake/iceberg/schema.ts';
import type { Schema } from '../../../lake/iceberg/types.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import type { TableSchema } from '../../../lake/table/draft.ts';
import { localPaths, readFiles } from '../../../lake/table/read/table-view.ts';
import { writeFiles } from '../../../lake/table/write/write-files.ts';
import { silverLayout } from '../../transform/silver-table.ts';
import { isLaidOut, type StagedSilver, stagedLayout } from '../../transform/staged-silver.ts';
import type { CommitContext } from './commit-context.ts';
import type { Intent } from './intent.ts';

/** Files that are younger are there: maintenance keeps them for far longer. */
const YOUNG_MS = DAY_MS;

/**
 * Checks that an intent's staged files are there: a redrive may come so late that maintenance has removed them, and a
 * table that names them could not be read. One request a file, for old ones only.
 *
 * @throws ObjectMissing
 */
export const requireStagedFiles = async (
  { store, contract }: CommitContext,
  { staged: { files, stagedAt } }: Intent,
): Promise<void> => {
  if (stagedAt !== undefined && Date.now() - Date.parse(stagedAt) < YOUNG_MS) return;
  const missing = await inParallel(files, async ({ key }) =>
    (await store.head(key)) === undefined ? [key] : [],
  );
  const [first] = missing.flat();
  if (first === undefined) return;
  throw new ObjectMissing(
    `silver/${first}, which this run has written for silver.${contract.dataset}, was removed: its redrive came too late. Replay the file (\`duckstep replay KEY\`) to start over.`,
  );
};

/**
 * A run's staged files with the field ids and the partitions that the table has now. They differ from those of
 * Transform only where another run has changed the table's columns in between, or the contract has changed since: then
 * the rows are written again. Columns are found by their identity in the contract, since name and number may both have
 * changed.
 *
 * @throws SchemaIncompatible where the rows cannot become what the contract says now, or have another primary key
 */
export const restaged = async (
  context: CommitContext,
  tableSchema: TableSchema,
  { run, staged }: Intent,
): Promise<StagedSilver> => {
  const { contract } = context;
  const { schema, columnIds } = tableSchema;
  const layout = stagedLayout(contract, tableSchema);
  if (isLaidOut(staged, layout)) return staged;
  const laidOut = { ...staged, ...layout };
  if (staged.files.length === 0) return laidOut;
  if (staged.key !== undefined && !isDeepStrictEqual(staged.key, layout.key))
    throw new SchemaIncompatible(
      `silver.${contract.dataset}: the primary key has changed since this run's rows were made, and the latest row of each was chosen by the one before. Replay the file (\`duckstep replay KEY\`).`,
    );
  const paths = await localPaths(
    context,
    staged.files.map(({ key }) => key),
  );
  const columns = Object.entries(columnIds.current).map(([identity, id]) => {
    const before = Object.hasOwn(staged.columnIds, identity) ? staged.columnIds[identity] : undefined;
    const from = staged.schema.fields.find((field) => field.id === before);
    const to = findField(schema, id);
    const value = from === undefined ? 'NULL' : `staged.${ident(from.name)}`;
    return `CAST(${value} AS ${storedType(to?.type ?? 'string')}) AS ${ident(to?.name ?? identity)}`;
  });
  const rows = `SELECT ${columns.join(', ')} FROM (${readFiles([...paths.values()], staged.schema.fields)}) AS staged`;
  try {
    const files = await writeFiles(context, rows, {
      keyOf: (file) => lakePaths.data(contract.dataset, file),
      prefix: run.run_id,
      ...silverLayout(contract, tableSchema),
    });
    refuseNulls(contract.dataset, schema, files);
    return { ...laidOut, files };
  } catch (error) {
    if (!/^(?:Conversion|Binder|Out of Range|Invalid Input) Error/.test(messageOf(error))) throw error;
    throw new SchemaIncompatible(
      `silver.${contract.dataset}: the columns have changed since this run's rows were made, and they do not fit: ${failureReason(error)}. Replay the file (\`duckstep replay KEY\`).`,
      { cause: error },
    );
  }
};

/** Rows may lack a required value: they were made before the contract required it. */
const refuseNulls = (dataset: string, schema: Schema, files: readonly DataFile[]): void => {
  const lacking = schema.fields.filter(
    ({ id, required }) => required && files.some(({ columns }) => (columns[id]?.nulls ?? 0) > 0),
  );
  if (lacking.length > 0)
    throw new SchemaIncompatible(
      `silver.${dataset}: the columns have changed since this run's rows were made, and the rows lack ${lacking.map(({ name }) => `"${name}"`).join(', ')}, which is required now. Replay the file (\`duckstep replay KEY\`).`,
    );
};

const messageOf = (error: unknown): string => (types.isNativeError(error) ? error.message : String(error));
