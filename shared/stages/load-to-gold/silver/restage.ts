import { isDeepStrictEqual, types } from 'node:util';
import { failureReason } from '../../../engine/failure-reason.ts';
import { ident } from '../../../engine/sql.ts';
import { SchemaIncompatible } from '../../../errors.ts';
import { storedType } from '../../../lake/iceberg/duckdb-types.ts';
import { findField, sameSchema } from '../../../lake/iceberg/schema.ts';
import type { Schema } from '../../../lake/iceberg/types.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import type { TableSchema } from '../../../lake/table/draft.ts';
import { localPaths, readFiles } from '../../../lake/table/read/table-view.ts';
import { writeFiles } from '../../../lake/table/write/write-files.ts';
import { type StagedSilver, silverLayout, stagedLayout } from '../../transform/silver-table.ts';
import type { CommitContext } from './commit-silver.ts';
import type { Intent } from './intents.ts';

/** Whether files that were written by one schema can be read by the other as they are. */
const sameFields = (a: Schema, b: Schema): boolean =>
  sameSchema({ ...a, 'identifier-field-ids': [] }, { ...b, 'identifier-field-ids': [] });

type Layout = ReturnType<typeof stagedLayout>;

/**
 * Whether a run's files are the table's as they are: their columns are numbered and their rows split as it is done now,
 * and one was chosen of those that share the key of now.
 */
export const isLaidOut = (staged: StagedSilver, { schema, spec, key }: Layout): boolean =>
  sameFields(staged.schema, schema) &&
  isDeepStrictEqual(staged.spec, spec) &&
  isDeepStrictEqual(staged.key, key);

/**
 * A run's files with the field ids and the partitions that the table has now. They differ from those it was given in
 * Transform only where another run has changed the table's columns in between, or the contract has changed since: then
 * the rows are written again. Columns are told by what they are to the contract, not by name or number: both may have
 * changed.
 *
 * @throws SchemaIncompatible where the rows cannot become what the contract says now, or have another primary key
 */
export const restaged = async (
  { db, contract, store, scratch }: CommitContext,
  tableSchema: TableSchema,
  { run, staged }: Intent,
): Promise<StagedSilver> => {
  const { schema, columnIds } = tableSchema;
  const layout = stagedLayout(contract, tableSchema);
  if (isLaidOut(staged, layout)) return staged;
  const now = { ...staged, ...layout };
  if (staged.files.length === 0) return now;
  if (staged.key !== undefined && !isDeepStrictEqual(staged.key, layout.key))
    throw new SchemaIncompatible(
      `silver.${contract.dataset}: the primary key has changed since this run's rows were made, and the latest row of each was chosen by the one before. Upload the file again.`,
    );
  const paths = await localPaths(
    store,
    scratch,
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
    const files = await writeFiles(db, rows, store, {
      keyOf: (file) => lakePaths.data(contract.dataset, file),
      prefix: run.run_id,
      ...silverLayout(contract, tableSchema),
      scratch,
    });
    refuseNulls(contract.dataset, schema, files);
    return { ...now, files };
  } catch (error) {
    if (!/^(?:Conversion|Binder|Out of Range|Invalid Input) Error/.test(messageOf(error))) throw error;
    throw new SchemaIncompatible(
      `silver.${contract.dataset}: the columns have changed since this run's rows were made, and they do not fit: ${failureReason(error)}. Upload the file again.`,
      { cause: error },
    );
  }
};

/** What the table promises in every row the rows may lack: they were made before the contract said so. */
const refuseNulls = (dataset: string, schema: Schema, files: readonly DataFile[]): void => {
  const lacking = schema.fields.filter(
    ({ id, required }) => required && files.some(({ columns }) => (columns[id]?.nulls ?? 0) > 0),
  );
  if (lacking.length > 0)
    throw new SchemaIncompatible(
      `silver.${dataset}: the columns have changed since this run's rows were made, and the rows lack ${lacking.map(({ name }) => `"${name}"`).join(', ')}, which is required now. Upload the file again.`,
    );
};

const messageOf = (error: unknown): string => (types.isNativeError(error) ? error.message : String(error));
