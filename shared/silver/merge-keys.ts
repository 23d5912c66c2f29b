import type { Contract } from '../contract/model.ts';
import { ident, identList, literal } from '../duckdb/sql.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import type { Field, Schema } from '../iceberg/types.ts';
import { lakePaths } from '../lake.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { DataFile, Mask } from '../table/data-file.ts';
import { hiddenRows, localPaths, maskPairs, readFiles } from '../table/table-view.ts';
import { writeDeletes } from '../table/write-files.ts';
import { keyField, mayShareKeys } from './key-bounds.ts';
import { silverColumns } from './silver-table.ts';
import type { SourceState } from './sources.ts';

/** Files whose masks change, and what hides rows of them from now on. */
export type Remasked = Map<string, Mask | undefined>;

export interface MergeInput {
  contract: Contract;
  schema: Schema;
  store: ObjectStore;
  scratch: string;
  runId: string;
  uriOf: (key: string) => string;
  /** Files of the table that stay. */
  others: readonly DataFile[];
  /** Files of the table with rows that go. */
  gone: readonly DataFile[];
  /** The sources whose rows go from them. */
  replaced: readonly string[];
  /** Files that come, by the source that brings them. */
  added: ReadonlyMap<string, readonly DataFile[]>;
  /** The later upload wins where the contract's order does not decide. */
  statesOf: (
    sourceIds: readonly string[],
  ) => Promise<ReadonlyMap<string, Pick<SourceState, 'uploadedAt' | 'sequencer'>>>;
}

/**
 * Decides, for every primary key that the commit adds or takes away, which source's row is the latest, and
 * masks the others. `docs/adr/0003-one-row-per-key.md` says why and what it costs.
 *
 * The latest row is the first by the contract's `dedupeOrderBy`, then by the later upload. Rows that lose stay
 * in their files, hidden by position, so that they come back when the winner's file is replaced without them.
 *
 * @returns by the key of the data file
 */
export const mergeKeys = async (db: Db, input: MergeInput): Promise<Remasked> => {
  const { contract, schema, others, gone } = input;
  if (contract.primaryKey.length === 0) return new Map();
  const field = keyField(contract, schema);
  const added = [...input.added.values()];
  const meet = (some: readonly DataFile[], more: readonly DataFile[]): boolean =>
    some.some((one) => more.some((other) => mayShareKeys(contract, field, one, other)));
  const changed = [...gone, ...added.flat()];
  const rivals = others.filter((other) => meet([other], changed));
  // The rows of one source have no rivals among themselves: each key is there once.
  const contested = added.some((files, i) => meet(files, added.slice(i + 1).flat()));
  if (rivals.length === 0 && !contested) return new Map();
  await rankRows(db, input, rivals);
  const affected = await db.all<{ file: string }>('FROM affected ORDER BY file');
  const remasked: Remasked = new Map();
  for (const { file } of affected) remasked.set(file, await writeMask(db, input, file));
  return remasked;
};

/**
 * Fills three tables: `ranked`, every row of the rivals and of the added files whose key changed (file, pos,
 * whether it is the latest); `before`, the positions hidden so far; `affected`, the files where that changes.
 */
const rankRows = async (db: Db, input: MergeInput, rivals: readonly DataFile[]): Promise<void> => {
  const { contract, store, scratch, gone, replaced } = input;
  const added = [...input.added.values()].flat();
  const files = [...rivals, ...added];
  const paths = await localPaths(
    store,
    scratch,
    [...gone, ...files].map(({ key }) => key),
  );
  const keys = identList(contract.primaryKey);
  const order = contract.dedupeOrderBy;
  const rows = rowReader(input, paths);
  const path = ({ key }: DataFile): string => `(${literal(paths.get(key) ?? '')}, ${literal(key)})`;
  await db.run(`
    CREATE OR REPLACE TEMP TABLE files AS FROM (VALUES ${files.map(path).join(', ')}) AS f(_path, _file);
    CREATE OR REPLACE TEMP TABLE changed AS SELECT DISTINCT ${keys} FROM (
      ${[
        ...(added.length === 0 ? [] : [rows(added)]),
        ...(gone.length === 0
          ? []
          : [`SELECT * FROM (${rows(gone)}) WHERE _source_id IN (${replaced.map(literal).join(', ')})`]),
      ].join(' UNION ALL ')});
    CREATE OR REPLACE TEMP TABLE contenders AS
      SELECT contender.* EXCLUDE (_path), _file FROM (${rows(files)}) AS contender
      SEMI JOIN changed USING (${keys}) JOIN files USING (_path)`);
  await rankBySource(db, input);
  const pairs = await maskPairs(rivals, paths, store, scratch);
  await db.run(`
    CREATE OR REPLACE TEMP TABLE ranked AS
      SELECT _file AS file, file_row_number AS pos, row_number() OVER (
        PARTITION BY ${keys}
        ORDER BY ${[
          ...order.map(({ column, direction }) => `${ident(column)} ${direction} NULLS LAST`),
          '_rank DESC, file_row_number DESC',
        ].join(', ')}) = 1 AS latest
      FROM contenders LEFT JOIN source_ranks USING (_source_id);
    CREATE OR REPLACE TEMP TABLE before AS
      SELECT _file AS file, hidden.pos FROM (${
        pairs.length === 0
          ? "SELECT '' AS _path, 0::BIGINT AS pos WHERE false"
          : `SELECT h[1] AS _path, h[2] AS pos FROM (${hiddenRows(pairs)}) AS hidden(h)`
      }) AS hidden JOIN files USING (_path);
    CREATE OR REPLACE TEMP TABLE affected AS SELECT DISTINCT file FROM ranked LEFT JOIN before USING (file, pos)
    WHERE latest = (before.pos IS NOT NULL)`);
};

/** Fills `source_ranks`: of the sources whose rows meet, the later upload has the larger rank. */
const rankBySource = async (db: Db, { statesOf }: MergeInput): Promise<void> => {
  const found = await db.all<{ id: string }>('SELECT DISTINCT _source_id AS id FROM contenders');
  const states = await statesOf(found.map(({ id }) => id));
  const values = found.map(({ id }) => {
    const state = states.get(id);
    return `(${[id, state?.uploadedAt ?? '', state?.sequencer ?? ''].map(literal).join(', ')})`;
  });
  await db.run(`
    CREATE OR REPLACE TEMP TABLE source_ranks AS
    SELECT _source_id, row_number() OVER (ORDER BY uploaded_at, sequencer, _source_id) AS _rank
    FROM (VALUES ${values.length === 0 ? "('', '', '')" : values.join(', ')}) AS v(_source_id, uploaded_at, sequencer)`);
};

/** Reads key and order columns in the types of today's contract, as readers see them: files may be older than it. */
const rowReader = (
  { contract, schema }: MergeInput,
  paths: ReadonlyMap<string, string>,
): ((files: readonly DataFile[]) => string) => {
  const names = [...contract.primaryKey, ...contract.dedupeOrderBy.map(({ column }) => column), '_source_id'];
  const columns = silverColumns(contract).filter(({ name }) => names.includes(name));
  const fields = columns.map(({ name }) => schema.fields.find((field) => field.name === name) as Field);
  const select = columns.map(({ name, type }) => `CAST(${ident(name)} AS ${type}) AS ${ident(name)}`);
  return (files) =>
    `SELECT ${select.join(', ')}, _path, file_row_number FROM (${readFiles(
      files.map(({ key }) => paths.get(key) ?? ''),
      fields,
      { positions: true },
    )})`;
};

/** The full new mask of a file: what stays hidden, and what now loses. None for a file that hides nothing any more. */
const writeMask = async (db: Db, input: MergeInput, file: string): Promise<Mask | undefined> => {
  const own = `file = ${literal(file)}`;
  return await writeDeletes(
    db,
    `SELECT ${literal(input.uriOf(file))} AS file_path, pos FROM (
      SELECT pos FROM before ANTI JOIN ranked USING (file, pos) WHERE before.${own}
      UNION ALL SELECT pos FROM ranked WHERE ${own} AND NOT latest)`,
    input.store,
    {
      keyOf: (name) => lakePaths.deletes(input.contract.dataset, name),
      prefix: input.runId,
      scratch: input.scratch,
    },
  );
};
