import { ident, identList } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { ConservationBroken } from '../../../errors.ts';
import { currentSchema, defaultSpec } from '../../iceberg/metadata.ts';
import { transformSql } from '../../iceberg/partition-sql.ts';
import { findField } from '../../iceberg/schema.ts';
import type { PartitionSpec, Schema } from '../../iceberg/types.ts';
import { lakePaths } from '../../paths.ts';
import { type Commit, Table } from '../commit/table.ts';
import { nextSchema, partitionBy, specOf, type WantedColumn } from '../commit/table-schema.ts';
import type { DataFile } from '../data-file.ts';
import type { Draft, PartitionColumn } from '../draft.ts';
import { type Partition, partitionNames } from '../partition-names.ts';
import type { Snapshot } from '../read/snapshot.ts';
import { localPaths, readFiles } from '../read/table-view.ts';
import type { Workbench } from '../workbench.ts';
import { rewriteFiles } from '../write/rewrite.ts';
import { writeFiles } from '../write/write-files.ts';

/** A table of rows that arrive as small objects, each object with all rows of one key. */
export interface Folding {
  /** The table's folder. */
  table: string;
  columns: readonly WantedColumn[];
  partitionedBy: readonly PartitionColumn[];
  /** The column that says which rows belong together. */
  key: string;
  /** The column by which later rows of a key replace earlier ones. Without it, the rows that are folded replace others. */
  version?: string;
  /** The columns that files are sorted by. */
  order: readonly string[];
}

export interface Portion {
  /** SQL of a SELECT of the rows, with all columns. At most one version of each key. */
  rows: string;
  /** Whether the table may have rows of these keys in other partitions than those of the new rows: all files are searched. */
  anywhere: boolean;
  /** For the names of new files. */
  runId: string;
}

export interface Folded {
  /** Rows that the table did not have. */
  added: number;
  /** Rows that these replace. */
  replaced: number;
}

const PORTION = '_fold_portion';
const THERE = '_fold_there';
const FRESH = '_fold_fresh';

/**
 * Adds rows to a table, in one commit. Each happens once, however often it is repeated: rows that the table has already are
 * left out, and rows of the same key that are older are removed. The table must have one writer at a time that folds.
 *
 * @throws ConservationBroken when the new files would not have the rows
 * @throws CommitConflict when other writers won every race
 */
export const foldRows = async (
  workbench: Workbench,
  folding: Folding,
  portion: Portion,
): Promise<Commit<Folded>> => {
  await workbench.db.run(`CREATE OR REPLACE TEMP TABLE ${PORTION} AS ${portion.rows}`);
  return await new Table(workbench.store, folding.table).commit<undefined, Folded>({
    look: async () => ({ todo: undefined }),
    make: async (base) => await draftOf(workbench, folding, portion, base),
  });
};

/** A commit that notes properties of the table, and changes no row. Does nothing before the table's first commit. */
export const noteProperties = async (
  { store }: Pick<Workbench, 'store'>,
  table: string,
  tableProperties: Readonly<Record<string, string>>,
  runId: string,
): Promise<void> => {
  await new Table(store, table).commit<undefined, undefined>({
    look: async () => ({ todo: undefined }),
    make: async (base) => {
      if (base === undefined) return { outcome: undefined };
      const { metadata, columnIds } = base;
      const columns = {
        schema: currentSchema(metadata),
        columnIds,
        lastColumnId: metadata['last-column-id'],
      };
      const partitionedBy = defaultSpec(metadata).fields.map(({ 'field-id': _, ...field }) => field);
      const none = { added: [], removed: [], changedDeletes: [], touched: [], properties: {} };
      const draft = { runId, operation: 'append', title: 'note', columns, partitionedBy, ...none } as const;
      return { outcome: undefined, draft: { ...draft, tableProperties } };
    },
  });
};

const draftOf = async (
  workbench: Workbench,
  folding: Folding,
  { anywhere, runId }: Portion,
  base: Snapshot | undefined,
): Promise<{ draft?: Draft; outcome: Folded }> => {
  const { db } = workbench;
  const columns = nextSchema(base, folding.columns, { where: folding.table, identifier: [] });
  const partitionedBy = partitionBy(columns.schema, folding.partitionedBy);
  const layout = { schema: columns.schema, spec: specOf(partitionedBy) };
  const known =
    base === undefined ? [] : await base.files(anywhere ? undefined : await partitions(db, layout));
  const paths = await localPaths(
    workbench,
    known.map(({ key }) => key),
  );
  const { fresh, outdated } = await compareKeys(db, folding, columns.schema, [...paths.values()]);
  if (fresh === 0) return { outcome: { added: 0, replaced: 0 } };
  const written = await writeFiles(workbench, `FROM ${FRESH}`, {
    keyOf: (file) => lakePaths.data(folding.table, file),
    prefix: runId,
    ...layout,
    order: identList(folding.order),
  });
  const removed = known.filter(({ key }) => outdated.has(paths.get(key) ?? ''));
  const kept: DataFile[] = [];
  for (const file of base === undefined ? [] : removed)
    kept.push(...(await withoutFreshKeys(workbench, folding, layout, { base, file, runId })));
  const outcome = { added: fresh, replaced: sum([...outdated.values()]) };
  checkConservation(folding.table, { written, removed, kept }, outcome);
  return {
    outcome,
    draft: {
      runId,
      operation: removed.length > 0 ? 'overwrite' : 'append',
      title: 'fold',
      columns,
      partitionedBy,
      added: [...written, ...kept],
      removed,
      changedDeletes: [],
      touched: 'all',
      properties: {},
    },
  };
};

interface Layout {
  schema: Schema;
  spec: PartitionSpec;
}

/** The partitions of the portion's rows. */
const partitions = async (db: Db, { schema, spec }: Layout): Promise<Partition[]> => {
  const names = partitionNames(spec, schema);
  const values = spec.fields.map((field, at) => {
    const source = findField(schema, field['source-id']);
    if (source === undefined || typeof source.type !== 'string')
      throw new TypeError(`Partition field ${field.name} has no source column with values`);
    const value = transformSql(field.transform, ident(source.name), source.type);
    return `CAST(${value} AS VARCHAR) AS ${ident(names[at] ?? field.name)}`;
  });
  return await db.all<Partition>(`SELECT DISTINCT ${values.join(', ')} FROM ${PORTION}`);
};

/**
 * Compares the portion with files of the table, and makes a table of the rows that are to be added.
 *
 * @returns the number of these rows, and of the older rows of their keys in each file that has some
 */
const compareKeys = async (
  db: Db,
  { key, version }: Folding,
  schema: Schema,
  paths: readonly string[],
): Promise<{ fresh: number; outdated: Map<string, number> }> => {
  const fields = schema.fields.filter(({ name }) => name === key || name === version);
  const select = version === undefined ? ident(key) : identList([key, version]);
  await db.run(
    `CREATE OR REPLACE TEMP TABLE ${THERE} AS ${
      paths.length === 0
        ? `SELECT ${select}, NULL::VARCHAR AS _path FROM ${PORTION} WHERE false`
        : `FROM (${readFiles(paths, fields, { positions: true })}) SEMI JOIN ${PORTION} USING (${ident(key)})`
    }`,
  );
  const isOld = `EXISTS (FROM ${THERE} AS there WHERE there.${ident(key)} = portion.${ident(key)}
    AND there.${ident(version ?? key)} >= portion.${ident(version ?? key)})`;
  await db.run(
    `CREATE OR REPLACE TEMP TABLE ${FRESH} AS FROM ${PORTION} AS portion ${version === undefined ? '' : `WHERE NOT ${isOld}`}`,
  );
  const { fresh } = await db.one<{ fresh: number }>(`SELECT count(*) AS fresh FROM ${FRESH}`);
  const outdated = await db.all<{ path: string; rows: number }>(
    `SELECT _path AS path, count(*) AS rows FROM ${THERE} SEMI JOIN ${FRESH} USING (${ident(key)}) GROUP BY _path`,
  );
  return { fresh, outdated: new Map(outdated.map(({ path, rows }) => [path, rows])) };
};

/** A file of the table, written again without the rows that fresh ones replace. */
const withoutFreshKeys = async (
  workbench: Workbench,
  { table, key }: Folding,
  layout: Layout,
  { base, file, runId }: { base: Snapshot | undefined; file: DataFile; runId: string },
): Promise<DataFile[]> => {
  const rewritten = await rewriteFiles(workbench, [file], {
    ...layout,
    retired: Object.values(base?.columnIds.retired ?? {}),
    prefix: runId,
    dataKey: (name) => lakePaths.data(table, name),
    deletesKey: (name) => lakePaths.deletes(table, name),
    uriOf: (name) => base?.uriOf(name) ?? name,
    identity: [],
    keep: `${ident(key)} NOT IN (SELECT ${ident(key)} FROM ${FRESH})`,
  });
  return rewritten.map((each) => each.file);
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const rowsIn = (files: readonly DataFile[]): number => sum(files.map(({ rows }) => rows));

const checkConservation = (
  table: string,
  { written, removed, kept }: Record<'written' | 'removed' | 'kept', readonly DataFile[]>,
  { added, replaced }: Folded,
): void => {
  if (rowsIn(written) !== added || rowsIn(kept) !== rowsIn(removed) - replaced)
    throw new ConservationBroken(
      `Folding ${added} rows into ${table}, of which ${replaced} replace others, wrote ${rowsIn(written)} rows, and ${rowsIn(kept)} of ${rowsIn(removed)} again. The table was not changed.`,
    );
};
