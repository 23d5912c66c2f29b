import { combineBitmaps, createBitmap, isIn } from '../../../engine/bitmap.ts';
import { literal } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { PositionDeletes } from '../../../lake/table/data-file.ts';
import { deletedRows, deletePairs, localPaths } from '../../../lake/table/read/table-view.ts';
import type { Workbench } from '../../../lake/table/workbench.ts';
import { writeDeletes } from '../../../lake/table/write/write-files.ts';
import type { SupersededRows } from '../../../run/build-run-record.ts';
import { type MergeInput, type Numbered, rankRows, totalOf, withFirstNumbers } from './rank-rows.ts';
import { RELATION } from './relations.ts';

/** Files whose position deletes change, by key, with their next position deletes. */
export type ChangedDeletes = ReadonlyMap<string, PositionDeletes | undefined>;

export interface MergedKeys {
  changedDeletes: ChangedDeletes;
  /** By source, of those in `counted`; none where both counts are 0. */
  rows: ReadonlyMap<string, SupersededRows>;
}

/**
 * Decides, for every primary key of a row that comes, goes or is confirmed, which source's row is the latest, and
 * deletes the others by position. `docs/adr/0003-one-row-per-key.md` says why and what it costs.
 *
 * The latest row is the first by the contract's `dedupeOrderBy`, then by the later upload. Rows that lose stay
 * in their files, deleted by position, so that they come back when the winner's file is replaced without them.
 *
 * Counts, per source that comes or is confirmed: rows of other sources that showed before the commit, and are superseded by
 * a row of this source now; and its own rows that are superseded by rows of other sources.
 */
export const mergeKeys = async (workbench: Workbench, input: MergeInput): Promise<MergedKeys> => {
  const { db } = workbench;
  const files = withFirstNumbers([...input.rivals, ...input.added]);
  const paths = await localPaths(
    workbench,
    [...input.going, ...files].map(({ key }) => key),
  );
  await createFiles(db, files, paths);
  await readDeletes(workbench, input, files, paths);
  const rows = await rankRows(db, input, files, paths);
  await compareDeletes(db);
  const affected = await db.all<{ file: string }>(`
    SELECT DISTINCT _file AS file FROM (
      SELECT n FROM range(${totalOf(files)}) AS t(n) WHERE ${isIn(RELATION.differing, 'n')}) AS row
    ASOF JOIN ${RELATION.files} AS f ON row.n >= f._first ORDER BY file`);
  const changed = new Set(affected.map(({ file }) => file));
  const changedDeletes = new Map<string, PositionDeletes | undefined>();
  for (const file of files)
    if (changed.has(file.key)) changedDeletes.set(file.key, await deletesOf(workbench, input, file));
  return { changedDeletes, rows };
};

const createFiles = async (
  db: Db,
  files: readonly Numbered[],
  paths: ReadonlyMap<string, string>,
): Promise<void> => {
  const values = files.map(
    ({ key, first }) => `(${literal(paths.get(key) ?? '')}, ${literal(key)}, ${first}::BIGINT)`,
  );
  await db.run(
    `CREATE OR REPLACE TEMP TABLE ${RELATION.files} AS FROM (VALUES ${values.join(', ')}) AS f(_path, _file, _first)`,
  );
};

/** Makes the set `deletedBefore`. */
const readDeletes = async (
  workbench: Workbench,
  { rivals }: MergeInput,
  files: readonly Numbered[],
  paths: ReadonlyMap<string, string>,
): Promise<void> => {
  const pairs = await deletePairs(workbench, rivals, paths);
  const before =
    pairs.length === 0
      ? []
      : [
          `SELECT _first + d[2] FROM (${deletedRows(pairs)}) AS deleted(d) JOIN ${RELATION.files} AS f ON f._path = d[1]`,
        ];
  await createBitmap(workbench.db, RELATION.deletedBefore, totalOf(files), before);
};

/** Makes the sets `deletedAfter` and `differing`. */
const compareDeletes = async (db: Db): Promise<void> => {
  const { latest, ranked, deletedBefore, deletedAfter, differing } = RELATION;
  await combineBitmaps(
    db,
    deletedAfter,
    `(${deletedBefore}.bits & ~${ranked}.bits) | (${ranked}.bits & ~${latest}.bits)`,
    [deletedBefore, ranked, latest].join(', '),
  );
  await combineBitmaps(
    db,
    differing,
    `xor(${deletedAfter}.bits, ${deletedBefore}.bits)`,
    [deletedAfter, deletedBefore].join(', '),
  );
};

/** All position deletes of a file from now on; undefined where none of its rows is deleted any more. */
const deletesOf = async (
  workbench: Workbench,
  input: MergeInput,
  { key, first, rows }: Numbered,
): Promise<PositionDeletes | undefined> =>
  await writeDeletes(
    workbench,
    input.uriOf(key),
    `SELECT n - ${first} AS pos
     FROM range(${first}, ${first + rows}) AS t(n) WHERE ${isIn(RELATION.deletedAfter, 'n')}`,
    {
      keyOf: (name) => lakePaths.deletes(input.contract.dataset, name),
      prefix: input.runId,
    },
  );
