import { type Db, withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { scratch } from './scratch.ts';

/** A DuckDB as small as a contract needs. */
export const withTestDb = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  withDuckDb({ memoryMb: 1024, threads: 2, scratch: scratch() }, work);
