import type { Contract } from '../contract/model.ts';
import { ident, identList, literal } from '../duckdb/sql.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import { lakePaths } from '../lake.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { DataFile, SourceState } from '../table/snapshot.ts';
import { localPaths, readFiles, typed } from '../table/table-view.ts';
import { writeFiles } from '../table/write-files.ts';
import { mayShareKeys } from './key-bounds.ts';
import { silverColumns } from './silver-table.ts';

export interface Merge {
  /** The table's files after the commit: the other sources' with their new masks, and the added ones. */
  files: DataFile[];
  /** Other sources' files whose masks changed. */
  remasked: DataFile[];
}

export interface MergeInput {
  contract: Contract;
  store: ObjectStore;
  scratch: string;
  runId: string;
  /** Files of the other sources, as committed. */
  others: readonly DataFile[];
  /** This source's files in the version that is replaced. */
  removed: readonly DataFile[];
  added: readonly DataFile[];
  /** State per source, this one's included: the later upload wins where the contract's order does not decide. */
  sources: Readonly<Record<string, Pick<SourceState, 'uploadedAt' | 'sequencer'>>>;
}

/**
 * Decides, for every primary key that the commit adds or takes away, which source's row is the latest, and
 * masks the others. `docs/adr/0003-one-row-per-key.md` says why and what it costs.
 *
 * The latest row is the first by the contract's `dedupeOrderBy`, then by the later upload. Rows that lose stay
 * in their files, hidden by position, so that they come back when the winner's file is replaced without them.
 */
export const mergeKeys = async (db: Db, input: MergeInput): Promise<Merge> => {
  const { contract, others, removed, added } = input;
  const changed = [...removed, ...added];
  const rivals = others.filter((other) => changed.some((file) => mayShareKeys(contract, other, file)));
  if (contract.primaryKey.length === 0 || rivals.length === 0)
    return { files: [...others, ...added], remasked: [] };
  await rankRows(db, input, rivals);
  const masked = await writeMasks(db, input);
  const affected = new Set((await db.all<{ file: string }>('FROM affected')).map(({ file }) => file));
  const remask = (file: DataFile): DataFile => {
    const { mask: _, ...bare } = file;
    const mask = masked.get(file.key);
    return mask === undefined ? bare : { ...bare, mask };
  };
  const remasked = rivals.filter((file) => affected.has(file.key)).map(remask);
  const byKey = new Map([...remasked, ...added.map(remask)].map((file) => [file.key, file]));
  return { files: [...others, ...added].map((file) => byKey.get(file.key) ?? file), remasked };
};

/**
 * Fills three tables: `ranked`, every row of the rivals and of the added files whose key changed (file, pos,
 * whether it is the latest); `before`, the positions hidden so far; `affected`, the files where that changes.
 */
const rankRows = async (db: Db, input: MergeInput, rivals: readonly DataFile[]): Promise<void> => {
  const { contract, store, scratch, removed, added } = input;
  const paths = await localPaths(
    store,
    scratch,
    [...rivals, ...removed, ...added].map(({ key }) => key),
  );
  const pathOf = ({ key }: DataFile): string => paths.get(key) ?? '';
  const keys = identList(contract.primaryKey);
  const order = contract.dedupeOrderBy;
  const wanted = [...contract.primaryKey, ...order.map(({ column }) => column)];
  // In the types of today's contract, as readers see them: files may be older than it.
  const columns = [
    ...silverColumns(contract).filter(({ name }) => wanted.includes(name)),
    { name: '_path', type: 'VARCHAR' },
    { name: 'file_row_number', type: 'BIGINT' },
  ];
  const rowsOf = (files: readonly DataFile[]): string =>
    typed(columns, files.length === 0 ? undefined : readFiles(files.map(pathOf), { positions: true }));
  const sourceRow = (file: DataFile): string => {
    const source = input.sources[file.sourceId ?? ''];
    return `(${[pathOf(file), file.key, source?.uploadedAt ?? '', source?.sequencer ?? '', file.sourceId ?? ''].map(literal).join(', ')})`;
  };
  await db.run(`
    CREATE OR REPLACE TEMP TABLE files AS FROM (VALUES ${[...rivals, ...added].map(sourceRow).join(', ')})
      AS f(_path, _file, _uploaded_at, _sequencer, _source);
    CREATE OR REPLACE TEMP TABLE changed AS SELECT DISTINCT ${keys} FROM (${rowsOf([...removed, ...added])});
    CREATE OR REPLACE TEMP TABLE ranked AS
      SELECT _file AS file, file_row_number AS pos, row_number() OVER (
        PARTITION BY ${keys}
        ORDER BY ${[
          ...order.map(({ column, direction }) => `${ident(column)} ${direction} NULLS LAST`),
          '_uploaded_at DESC, _sequencer DESC, _source DESC, file_row_number DESC',
        ].join(', ')}) = 1 AS latest
      FROM (${rowsOf([...rivals, ...added])}) SEMI JOIN changed USING (${keys}) JOIN files USING (_path);
    CREATE OR REPLACE TEMP TABLE before(file VARCHAR, pos BIGINT)`);
  const masks = await localPaths(store, scratch, [
    ...new Set(rivals.flatMap(({ mask }) => (mask === undefined ? [] : [mask.key]))),
  ]);
  for (const { key, mask } of rivals) {
    if (mask === undefined) continue;
    await db.run(
      `INSERT INTO before SELECT file, pos FROM read_parquet(${literal(masks.get(mask.key) ?? '')}) WHERE file = $1`,
      [key],
    );
  }
  await db.run(`
    CREATE OR REPLACE TEMP TABLE affected AS SELECT DISTINCT file FROM ranked LEFT JOIN before USING (file, pos)
    WHERE latest = (before.pos IS NOT NULL)`);
};

/**
 * Writes one object with the full new masks of all affected files: what stays hidden, and what now loses.
 * Returns the mask per data file key; a file that hides nothing any more has none.
 */
const writeMasks = async (db: Db, input: MergeInput): Promise<Map<string, { key: string; rows: number }>> => {
  await db.run(`
    CREATE OR REPLACE TEMP TABLE masks AS
      SELECT file, pos FROM before ANTI JOIN ranked USING (file, pos) SEMI JOIN affected USING (file)
      UNION ALL SELECT file, pos FROM ranked SEMI JOIN affected USING (file) WHERE NOT latest`);
  const [written] = await writeFiles(db, 'FROM masks ORDER BY file, pos', input.store, {
    keyOf: (file) => lakePaths.masks(input.contract.dataset, file),
    prefix: input.runId,
    partitionedBy: [],
    scratch: input.scratch,
  });
  if (written === undefined) return new Map();
  const counts = await db.all<{ file: string; rows: number }>(
    'SELECT file, count(*) AS rows FROM masks GROUP BY file',
  );
  return new Map(counts.map(({ file, rows }) => [file, { key: written.key, rows }]));
};
