import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { LocalLake } from '../../operate/local/lake.ts';
import { loadAll } from '../../shared/contract/load.ts';
import type { Row } from '../../shared/engine/values.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import { attachLake } from '../../shared/query/attach.ts';
import { loadGoldModels } from '../../shared/stages/load-to-gold/gold/model-header.ts';
import { withOwnDatabase } from './duckdb.ts';

export interface LakeInFolder {
  folder: string;
  lake: LocalLake;
  sqlDir: string;
}

/** A DuckDB in which a lake is attached as it was in one state. */
interface Attached {
  state: string;
  db: Db;
  close: () => Promise<void>;
}

let attached: Attached | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Rows of a query over the committed lake. As long as no file changes, the queries of a test share one DuckDB: to open
 * one and to attach the lake takes ten times as long as most queries.
 */
export const askLake = (from: LakeInFolder, sql: string): Promise<Row[]> => {
  const rows = last.then(async () => (await attach(from)).db.all(sql));
  last = rows.catch(() => undefined);
  return rows;
};

/** Names, sizes and times of all files that an answer depends on. */
const stateOf = ({ folder, sqlDir }: LakeInFolder): string =>
  [sqlDir, ...['silver', 'gold', 'quarantine'].map((zone) => path.join(folder, zone))]
    .filter((each) => existsSync(each))
    .flatMap((each) =>
      readdirSync(each, { recursive: true, encoding: 'utf8' }).map((name) => path.join(each, name)),
    )
    .map((file) => {
      const { size, mtimeNs, ino } = statSync(file, { bigint: true });
      return `${file} ${size} ${mtimeNs} ${ino}`;
    })
    .join('\n');

const attach = async (from: LakeInFolder): Promise<Attached> => {
  const state = stateOf(from);
  if (attached?.state !== state) {
    await attached?.close();
    attached = undefined;
    attached = { state, ...(await openDb(from)) };
  }
  return attached;
};

const openDb = async ({ lake, sqlDir }: LakeInFolder): Promise<Omit<Attached, 'state'>> => {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'duckstep-test-'));
  const [contracts, models] = [await loadAll(sqlDir), await loadGoldModels(sqlDir)];
  const { promise: closing, resolve: close } = Promise.withResolvers<void>();
  const { promise: ready, resolve, reject } = Promise.withResolvers<Db>();
  const closed = withOwnDatabase(async (db) => {
    await attachLake(db, lake, contracts, models, scratch);
    resolve(db);
    await closing;
  })
    .catch(reject)
    .finally(() => rmSync(scratch, { recursive: true, force: true }));
  return {
    db: await ready,
    close: async () => {
      close();
      await closed;
    },
  };
};

afterAll(async () => {
  await last;
  await attached?.close();
});
