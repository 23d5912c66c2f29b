import { type Db, withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { scratch } from './scratch.ts';

/** Opens a small DuckDB, as the checks of a contract need. */
export const withTestDb = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  withDuckDb({ memoryMb: 1024, threads: 2, scratch: scratch() }, work);
