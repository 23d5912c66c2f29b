import type { Resources } from '../engine/resources.ts';
import { withScratch } from '../engine/scratch.ts';
import { literal } from '../engine/sql.ts';
import type { Row } from '../engine/values.ts';
import { type Bindable, withDuckDb } from '../engine/with-duckdb.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { tableColumns } from '../lake/table/commit/table-schema.ts';
import type { DataFile } from '../lake/table/data-file.ts';
import type { Snapshot } from '../lake/table/read/snapshot.ts';
import { createTableView } from '../lake/table/read/table-view.ts';
import type { Workbench } from '../lake/table/workbench.ts';
import { RECORD_COLUMNS, recordOfRow } from '../run/record-of-row.ts';
import { RUN_TABLE_COLUMNS } from '../run/runs-table.ts';
import type { Filter } from './filters.ts';
import type { LatestRuns } from './latest-runs.ts';
import { planFiles } from './plan-files.ts';
import type { Place, RunFilter } from './run-filter.ts';

export interface FoldedOptions {
  filter: RunFilter;
  /** Only runs that come after this place. */
  from: Place | undefined;
  /** Runs with a record that is not in the table: an earlier row of theirs does not count. */
  again: ReadonlyMap<string, { place: Place }>;
  /** Receives the records. */
  latest: LatestRuns;
}

/**
 * Adds the runs of their table that finished last. Files are read day by day, from the last one back, until there are enough:
 * no more files than there is room for records, where nothing is filtered.
 */
export const addFoldedRuns = async (
  store: ObjectStore,
  { memoryMb, threads, scratchRoot }: Resources,
  snapshot: Snapshot,
  options: FoldedOptions,
): Promise<void> =>
  await withScratch(scratchRoot, (scratch) =>
    withDuckDb({ memoryMb, threads, scratch }, async (db) => {
      const columns = tableColumns(snapshot, RUN_TABLE_COLUMNS);
      const files = await planFiles(db, snapshot, columns, conditionsOf(options));
      const days = [...Map.groupBy(files, dayOf)].toSorted(([a], [b]) => (a < b ? 1 : -1));
      for (let factor = 1; days.length > 0; factor *= GROWTH) {
        const due = lastDays(days, options.latest.missing * factor);
        days.splice(0, due.length);
        const within = due.filter(([day]) => day >= lastDay(options.latest)).flatMap(([, ofDay]) => ofDay);
        if (within.length === 0) return;
        await createTableView({ db, store, scratch }, { schema: 'main', table: VIEW }, columns, within);
        for (const row of await rowsOf({ db, store, scratch }, options)) options.latest.add(recordOfRow(row));
      }
    }),
  );

const VIEW = '_folded';

/** Where a filter leaves out most rows, more are read each time. */
const GROWTH = 4;

/** The first of the days that have as many rows together; at least one. */
const lastDays = (days: readonly [string, DataFile[]][], rows: number): [string, DataFile[]][] => {
  let left = rows;
  const enough = days.findIndex(([, files]) => {
    left -= files.reduce((sum, file) => sum + file.rows, 0);
    return left <= 0;
  });
  return days.slice(0, enough < 0 ? days.length : enough + 1);
};

const dayOf = ({ partition }: DataFile): string => partition.finished_at_day ?? '';

/** Files of earlier days cannot have later runs than those that are found. */
const lastDay = ({ last }: LatestRuns): string =>
  last === undefined ? '' : new Date(last.finishedAt).toISOString().slice(0, 10);

/** Conditions by which files are left out. */
const conditionsOf = ({ filter, from }: FoldedOptions): Filter[] => {
  const text = (column: string, value: string | undefined): Filter[] =>
    value === undefined ? [] : [{ column, op: '=', values: [{ kind: 'text', sql: literal(value) }] }];
  const time = (op: '>=' | '<=', at: number): Filter => ({
    column: 'finished_at',
    op,
    values: [{ kind: 'timestamp', sql: `make_timestamp_ms(${at})` }],
  });
  return [
    ...text('dataset', filter.dataset),
    ...text('status', filter.status),
    ...text('source_key', filter.sourceKey),
    ...(filter.since === undefined ? [] : [time('>=', Date.parse(filter.since))]),
    ...(from === undefined ? [] : [time('<=', from.finishedAt)]),
  ];
};

/** The last rows of the view that match, as many as there is room for in `latest` at most. */
const rowsOf = async ({ db }: Workbench, options: FoldedOptions): Promise<Row[]> => {
  const { filter, from, again, latest } = options;
  const params: Bindable[] = [];
  const bound = (value: Bindable): string => `$${params.push(value)}`;
  const equals = (column: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`${column} = ${bound(value)}`];
  const conditions = [
    ...equals('dataset', filter.dataset),
    ...equals('status', filter.status),
    ...equals('source_key', filter.sourceKey),
    ...(filter.since === undefined ? [] : [`epoch_ms(finished_at) >= ${bound(Date.parse(filter.since))}`]),
    ...(from === undefined
      ? []
      : [
          `(epoch_ms(finished_at) < ${bound(from.finishedAt)}
            OR (epoch_ms(finished_at) = ${bound(from.finishedAt)} AND run_id > ${bound(from.runId)}))`,
        ]),
  ];
  if (again.size > 0) {
    const replacing = [...again.values()].map(({ place }) => place);
    const places = `SELECT unnest(from_json(${bound(JSON.stringify(replacing))}::JSON, '[{"runId": "VARCHAR", "finishedAt": "BIGINT"}]'))`;
    conditions.push(`NOT EXISTS (FROM (${places} AS place)
      WHERE place.runId = run_id AND place.finishedAt > epoch_ms(finished_at))`);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return await db.all(
    `SELECT ${RECORD_COLUMNS} FROM ${VIEW} AS folded ${where}
     ORDER BY folded.finished_at DESC, run_id LIMIT ${latest.most}`,
    params,
  );
};
