import { ident, literal, literalList } from '../engine/sql.ts';
import type { Db } from '../engine/with-duckdb.ts';
import { lakePaths } from '../lake/paths.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { localPaths, typed } from '../lake/table/read/table-view.ts';
import { RUN_COLUMNS } from '../run/run-record.ts';

/**
 * Creates the view `runs`, in the order in which the runs finished.
 *
 * @param store where the run records are; the view is empty without one
 * @param until excludes runs that finished later; milliseconds since 1970
 * @returns a SELECT of all records, also of those that finished later
 */
export const attachRuns = async (
  db: Db,
  store: ObjectStore | undefined,
  scratch: string,
  until: number | undefined,
): Promise<string> => {
  const columns = Object.entries(RUN_COLUMNS).map(([name, type]) => ({ name, type }));
  const records = store && (await recordsSql(store, scratch));
  const all = typed(columns, records);
  const where = until === undefined ? '' : ` WHERE finished_at <= make_timestamp_ms(${until})`;
  await db.run(`CREATE OR REPLACE VIEW runs AS ${all}${where} ORDER BY finished_at`);
  return all;
};

/** SQL of a FROM clause over all run records; undefined if there are none. */
const recordsSql = async (store: ObjectStore, scratch: string): Promise<string | undefined> => {
  const keys: string[] = [];
  for await (const { key } of store.list(lakePaths.runs)) keys.push(key);
  if (keys.length === 0) return undefined;
  const paths = await localPaths({ store, scratch }, keys);
  const types = Object.entries(RUN_COLUMNS).map(([name, type]) => `${ident(name)}: ${literal(type)}`);
  return `FROM read_json(${literalList([...paths.values()])}, columns = {${types.join(', ')}})`;
};
