import { ident } from '../../shared/engine/sql.ts';
import { type Db, type OpenDuckDb, openDuckDb, withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { scratch } from './scratch.ts';

/** Opens a small DuckDB, as the checks of a contract need. */
export const withTestDb = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  withDuckDb({ memoryMb: 1024, threads: 2, scratch: scratch() }, work);

let shared: Promise<OpenDuckDb> | undefined;
let databases = 0;

/**
 * Runs work with an empty database of the DuckDB that all tests of a file share: to open a DuckDB takes longer than most of
 * the work.
 */
export const withOwnDatabase = async <T>(work: (db: Db) => Promise<T>): Promise<T> => {
  shared ??= openDuckDb({ memoryMb: 512, threads: 2, scratch: scratch() });
  const { use } = await shared;
  databases += 1;
  const name = ident(`own_${databases}`);
  return await use(async (db) => {
    await db.run(`ATTACH ':memory:' AS ${name}; USE ${name}`);
    try {
      return await work(db);
    } finally {
      await db.run(`USE memory; DETACH ${name}`);
    }
  });
};

afterAll(async () => {
  (await shared)?.close();
  shared = undefined;
});
