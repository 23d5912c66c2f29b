import { createBitmap, isIn } from '../../../engine/bitmap.ts';
import { ident, identList } from '../../../engine/sql.ts';
import { type Pass, planGrouping } from '../../../engine/strategy.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { leavesOf } from '../../iceberg/schema.ts';
import type { Field, PartitionSpec, Schema } from '../../iceberg/types.ts';
import type { DataFile, PositionDeletes } from '../data-file.ts';
import { convertSql, groupByStructs } from '../read/nested-names.ts';
import { deletePairs, localPaths, readFiles, readPositions } from '../read/table-view.ts';
import type { Workbench } from '../workbench.ts';
import { writeDeletes, writeFiles } from './write-files.ts';

export interface RewriteOptions {
  schema: Schema;
  spec: PartitionSpec;
  /** First part of the new files' names. */
  prefix: string;
  dataKey: (file: string) => string;
  deletesKey: (file: string) => string;
  uriOf: (key: string) => string;
  /** Columns that identify a row; needed if files have deleted rows. */
  identity: readonly string[];
  /** SQL condition on the rows to keep. Default: all. */
  keep?: string;
  /** Dropped fields of the schema that may return: the new files keep their values. */
  retired?: readonly Field[];
}

export interface Rewritten {
  file: DataFile;
  deletes: PositionDeletes | undefined;
}

/**
 * Writes the rows of some files of one partition into new files. Deleted rows are written too and stay deleted, because the
 * rows that supersede them may be removed later. It holds one bit per row in memory, and as many identities of deleted rows
 * as fit.
 */
export const rewriteFiles = async (
  workbench: Workbench,
  files: readonly DataFile[],
  options: RewriteOptions,
): Promise<Rewritten[]> => {
  const { db } = workbench;
  const { schema, identity, retired = [] } = options;
  const paths = await localPaths(
    workbench,
    files.map(({ key }) => key),
  );
  const pairs = await deletePairs(workbench, files, paths);
  const passes = pairs.length === 0 ? [] : await collectDeleted(db, files, pairs, options);
  const whole = { ...schema, fields: [...schema.fields, ...retired.map(renameRetired)] };
  const rows = await currentRows(db, [...paths.values()], whole.fields);
  const kept = options.keep === undefined ? rows : `SELECT * FROM (${rows}) WHERE ${options.keep}`;
  const written = await writeFiles(workbench, kept, {
    keyOf: options.dataKey,
    prefix: options.prefix,
    schema: whole,
    spec: options.spec,
    wholeBounds: identity,
  });
  const rewritten: Rewritten[] = [];
  for (const file of written)
    rewritten.push({
      file: { ...file, columns: knownMetrics(schema, file.columns) },
      deletes: pairs.length === 0 ? undefined : await rewriteDeletes(workbench, file, passes, options),
    });
  return rewritten;
};

/** Renames a dropped field, since a current column may have its name. Readers use the field's id. */
const renameRetired = (field: Field): Field => ({ ...field, name: `_retired_${field.id}`, required: false });

/** The metrics of the columns that the table has. Manifests must not describe dropped ones. */
const knownMetrics = ({ fields }: Schema, columns: DataFile['columns']): DataFile['columns'] => {
  const ids = new Set(leavesOf(fields).map(({ field }) => field.id));
  return Object.fromEntries(Object.entries(columns).filter(([id]) => ids.has(Number(id))));
};

/** A SELECT of the fields in their current types, from files whose structs may have other names for their members. */
const currentRows = async (db: Db, paths: readonly string[], fields: readonly Field[]): Promise<string> => {
  const parts = (await groupByStructs(db, paths, fields)).map((group) => {
    const columns = fields.map(({ id, name, type }) => {
      const from = group.fields.find((field) => field.id === id);
      return `${convertSql(`source.${ident(name)}`, from?.type ?? type, type)} AS ${ident(name)}`;
    });
    return `SELECT ${columns.join(', ')} FROM (${readFiles(group.paths, group.fields)}) AS source`;
  });
  return parts.join('\nUNION ALL\n');
};

/**
 * Makes the table `deleted_rows` with the identities of the files' deleted rows.
 *
 * @returns passes over the table, each of which fits into memory
 */
const collectDeleted = async (
  db: Db,
  files: readonly DataFile[],
  pairs: readonly (readonly [path: string, deletes: string])[],
  options: RewriteOptions,
): Promise<Pass[]> => {
  const columns = identList(options.identity);
  const withDeletes = files.filter(({ deletes }) => deletes !== undefined);
  for (const [i, [path, positions]] of pairs.entries()) {
    await createBitmap(db, '_deleted_before', withDeletes[i]?.rows ?? 0, [readPositions(positions)]);
    const deleted = `SELECT ${columns} FROM (${identities([path], options)}) WHERE ${isIn('_deleted_before', 'file_row_number')}`;
    await db.run(
      i === 0
        ? `CREATE OR REPLACE TEMP TABLE deleted_rows AS ${deleted}`
        : `INSERT INTO deleted_rows ${deleted}`,
    );
  }
  const { passes } = await planGrouping(db, 'deleted_rows', options.identity);
  return passes;
};

/** Writes position deletes for the rows of a new file that were deleted in the files they came from. */
const rewriteDeletes = async (
  workbench: Workbench,
  file: DataFile,
  passes: readonly Pass[],
  options: RewriteOptions,
): Promise<PositionDeletes | undefined> => {
  const { db, store, scratch } = workbench;
  const { identity } = options;
  const path = await store.localPath(file.key, scratch);
  await createBitmap(
    db,
    '_deleted_after',
    file.rows,
    passes.map(
      ({ where }) => `SELECT file_row_number FROM (FROM (${identities([path], options)}) WHERE ${where})
        SEMI JOIN (FROM deleted_rows WHERE ${where}) AS deleted USING (${identList(identity)})`,
    ),
  );
  const positions = `SELECT n AS pos FROM range(${file.rows}) AS t(n) WHERE ${isIn('_deleted_after', 'n')}`;
  return await writeDeletes(workbench, options.uriOf(file.key), positions, {
    keyOf: options.deletesKey,
    prefix: options.prefix,
  });
};

/** A SELECT of the identity of each row, and its position. */
const identities = (paths: readonly string[], { schema, identity }: RewriteOptions): string =>
  readFiles(
    paths,
    schema.fields.filter(({ name }) => identity.includes(name)),
    { positions: true },
  );
