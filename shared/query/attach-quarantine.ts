import { ident } from '../engine/sql.ts';
import type { Db } from '../engine/with-duckdb.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { localPaths, typed } from '../lake/table/read/table-view.ts';
import { QUARANTINE_COLUMNS } from '../stages/quarantine/quarantine-table.ts';
import type { Filter } from './filters.ts';
import { type RefusedRows, rowsIn } from './refused-rows.ts';
import { RefusingRuns } from './refusing-runs.ts';

/** Columns of `quarantine_history.<dataset>`. */
export const QUARANTINE_HISTORY_COLUMNS = [
  ...QUARANTINE_COLUMNS,
  /** Whether `quarantine.<dataset>` has the row too. */
  { name: 'standing', type: 'BOOLEAN' },
] as const;

export interface QuarantineOptions {
  /** Whether views of this schema are asked for; the others have no rows. */
  wanted: (schema: string) => boolean;
  /** Conditions of the query by view, as `filtersOf` finds them. */
  filters: ReadonlyMap<string, readonly Filter[]>;
  /** Shows what stood at this time, in milliseconds since 1970. */
  until?: number | undefined;
}

/**
 * Creates two views for each dataset: `quarantine.<dataset>` has the refused rows of the runs that stand, and
 * `quarantine_history.<dataset>` those of all runs. Only the objects that a view shows are fetched.
 *
 * @param runs a SELECT of all run records
 */
export const attachQuarantine = async (
  db: Db,
  { store, scratch }: { store: ObjectStore; scratch: string },
  refused: ReadonlyMap<string, readonly RefusedRows[]>,
  runs: string,
  { wanted, filters, until }: QuarantineOptions,
): Promise<void> => {
  await db.run('CREATE SCHEMA IF NOT EXISTS quarantine; CREATE SCHEMA IF NOT EXISTS quarantine_history;');
  const known = await RefusingRuns.read(db, { store, scratch }, [...refused.values()].flat(), {
    runs,
    until,
  });
  for (const [dataset, objects] of refused) {
    const now = wanted('quarantine') ? await only(db, filters.get(`quarantine.${dataset}`), objects) : [];
    const ever = wanted('quarantine_history')
      ? await only(db, filters.get(`quarantine_history.${dataset}`), objects)
      : [];
    const standing = now.filter(({ runId }) => known.stateOf(runId) === 'standing');
    const shown = ever.filter(({ runId }) => known.stateOf(runId) !== 'later');
    const paths = await localPaths(
      { store, scratch },
      [...new Set([...standing, ...shown])].map(({ key }) => key),
    );
    const rowsOf = (of: readonly RefusedRows[]): string | undefined =>
      of.length === 0 ? undefined : rowsIn(of.map(({ key }) => paths.get(key) ?? ''));
    const parts = [true, false].flatMap((stands) => {
      const rows = rowsOf(shown.filter(({ runId }) => (known.stateOf(runId) === 'standing') === stands));
      return rows === undefined ? [] : [`(SELECT *, ${stands} AS standing ${rows})`];
    });
    await createView(db, 'quarantine', dataset, typed(QUARANTINE_COLUMNS, rowsOf(standing)));
    await createView(
      db,
      'quarantine_history',
      dataset,
      typed(
        QUARANTINE_HISTORY_COLUMNS,
        parts.length === 0 ? undefined : `FROM (${parts.join(' UNION ALL BY NAME ')})`,
      ),
    );
  }
};

const createView = async (db: Db, schema: string, name: string, select: string): Promise<void> =>
  await db.run(`CREATE OR REPLACE VIEW ${ident(schema)}.${ident(name)} AS ${select}`);

/** The objects that may hold rows of a query which asks for certain runs; otherwise all. */
const only = async (
  db: Db,
  filters: readonly Filter[] = [],
  objects: readonly RefusedRows[],
): Promise<readonly RefusedRows[]> => {
  let left = objects;
  for (const { column, op, values } of filters) {
    if (column.toLowerCase() !== 'run_id' || op !== '=' || values.some(({ kind }) => kind !== 'text'))
      continue;
    const ids = await db.all<{ id: string }>(
      `SELECT unnest([${values.map(({ sql }) => sql).join(', ')}]) AS id`,
    );
    left = left.filter(({ runId }) => ids.some(({ id }) => id === runId));
  }
  return left;
};
