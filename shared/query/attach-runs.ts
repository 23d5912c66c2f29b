import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ident, identList, literal, literalList } from '../engine/sql.ts';
import type { Db } from '../engine/with-duckdb.ts';
import { lakePaths } from '../lake/paths.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { Table } from '../lake/table/commit/table.ts';
import { tableColumns } from '../lake/table/commit/table-schema.ts';
import { createTableView, localPaths, typed } from '../lake/table/read/table-view.ts';
import type { Workbench } from '../lake/table/workbench.ts';
import { RUN_COLUMNS } from '../run/run-record.ts';
import { completeUntil, RUN_TABLE_COLUMNS, RUNS_TABLE } from '../run/runs-table.ts';
import { LAST_OF_RUN, spooledSql, spoolRecords } from '../run/spool-records.ts';
import type { Filter } from './filters.ts';
import { planFiles } from './plan-files.ts';

/** The view `runs` is made of these. */
const [FOLDED, NEWEST] = ['_runs_folded', '_runs_newest'];

/**
 * Creates the view `runs`, in the order in which the runs finished: the rows of their table, and the records that are not in
 * it yet. Before the first maintenance, all records are read, each from its object.
 *
 * @param store where the run records are; the view is empty without one
 * @param until excludes runs that finished later; milliseconds since 1970
 * @param filters conditions that a query has on the view: files of the table that cannot hold rows for it are skipped
 * @returns a SELECT of the records that the filters leave, also of those that finished later
 * @throws TableDamaged when a record cannot be read
 */
export const attachRuns = async (
  db: Db,
  store: ObjectStore | undefined,
  scratch: string,
  until: number | undefined,
  filters: readonly Filter[] = [],
): Promise<string> => {
  const records = store && (await recordsSql({ db, store, scratch }, filters));
  const all = typed(RUN_TABLE_COLUMNS, records);
  const where = until === undefined ? '' : ` WHERE finished_at <= make_timestamp_ms(${until})`;
  await db.run(`CREATE OR REPLACE VIEW runs AS ${all}${where} ORDER BY finished_at`);
  return all;
};

/** SQL of a SELECT over the records; undefined if there are none. */
const recordsSql = async (workbench: Workbench, filters: readonly Filter[]): Promise<string | undefined> => {
  const { db, store, scratch } = workbench;
  const table = new Table(store, RUNS_TABLE.table);
  const newest = await table.newest();
  if (completeUntil(newest?.metadata.properties) === undefined) return await everyRecord(workbench);
  await mkdir(scratch, { recursive: true });
  const file = path.join(scratch, 'newest-runs.ndjson');
  const { damaged } = await spoolRecords(store, await newestKeys(store), file);
  if (damaged[0] !== undefined) throw damaged[0];
  await db.run(`CREATE OR REPLACE TEMP TABLE ${NEWEST} AS SELECT * ${spooledSql(file)} ${LAST_OF_RUN}`);
  // Read after the newest: records that maintenance has moved in between are in the table then.
  const snapshot = (await table.newest(newest))?.snapshot;
  const columns = tableColumns(snapshot, RUN_TABLE_COLUMNS);
  const files = snapshot === undefined ? [] : await planFiles(db, snapshot, columns, filters);
  await createTableView(workbench, { schema: 'main', table: FOLDED }, columns, files);
  const names = identList(Object.keys(RUN_COLUMNS));
  return `SELECT ${names} FROM ${FOLDED} AS folded WHERE NOT EXISTS (
      FROM ${NEWEST} AS newest WHERE newest.run_id = folded.run_id AND newest.finished_at >= folded.finished_at)
    UNION ALL SELECT ${names} FROM ${NEWEST}`;
};

const newestKeys = async (store: ObjectStore): Promise<string[]> => {
  const keys: string[] = [];
  for (const kind of ['first', 'again'] as const)
    for await (const { key } of store.list(lakePaths.newestRuns(kind))) keys.push(key);
  return keys;
};

const everyRecord = async ({ store, scratch }: Workbench): Promise<string | undefined> => {
  const keys: string[] = [];
  for await (const { key } of store.list(lakePaths.runs)) keys.push(key);
  if (keys.length === 0) return undefined;
  const paths = await localPaths({ store, scratch }, keys);
  const types = Object.entries(RUN_COLUMNS).map(([name, type]) => `${ident(name)}: ${literal(type)}`);
  return `FROM read_json(${literalList([...paths.values()])}, columns = {${types.join(', ')}})`;
};
