import { DAY_MS, HOUR_MS } from '../base/time.ts';
import type { Db } from '../engine/with-duckdb.ts';
import { currentSchema } from '../lake/iceberg/metadata.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { Table } from '../lake/table/commit/table.ts';
import { localPaths, readFiles } from '../lake/table/read/table-view.ts';
import { RUNS_TABLE } from '../run/runs-table.ts';

const KNOWN = '_known_runs';

/** A record is written within this time after its run finished. In a copied lake the objects are younger. */
export const LATEST_WRITE_MS = 15 * 60_000;

/** An object with a run record, and when it was written, in milliseconds since 1970. */
export interface StoredRecord {
  runId: string;
  writtenAt: number;
}

/** Which runs the table of runs has. Reads the table when it is first asked. */
export class KnownRuns {
  readonly #db: Db;
  readonly #store: ObjectStore;
  readonly #scratch: string;
  readonly #since: number | undefined;
  #isRead = false;
  /** Objects that were written before the table was begun are in it as they are, in milliseconds since 1970. */
  #folding = 0;

  /** @param since only runs that finished about then or later are looked up, in milliseconds since 1970; default: all */
  constructor(db: Db, store: ObjectStore, scratch: string, since: number | undefined) {
    this.#db = db;
    this.#store = store;
    this.#scratch = scratch;
    this.#since = since;
  }

  /**
   * The records that the table does not have: it lacks their run, or has a row of it that is older than the object, which
   * was written since the table was begun.
   */
  async without(records: readonly StoredRecord[]): Promise<{ runId: string; hasRow: boolean }[]> {
    if (records.length === 0) return [];
    if (!this.#isRead) await this.#read();
    this.#isRead = true;
    return await this.#db.all(
      `SELECT record.runId AS "runId", known.run_id IS NOT NULL AS "hasRow"
       FROM (SELECT unnest(from_json($1::JSON, '[{"runId": "VARCHAR", "writtenAt": "BIGINT"}]')) AS record)
       LEFT JOIN ${KNOWN} AS known ON known.run_id = record.runId
       WHERE known.run_id IS NULL
         OR (record.writtenAt > $2 AND epoch_ms(known.finished_at) < record.writtenAt - ${LATEST_WRITE_MS})`,
      [JSON.stringify(records), this.#folding],
    );
  }

  async #read(): Promise<void> {
    const snapshot = await new Table(this.#store, RUNS_TABLE.table).current();
    const files = (await snapshot?.files()) ?? [];
    this.#folding = (snapshot?.history.at(-1)?.entry['timestamp-ms'] ?? 0) - HOUR_MS;
    const firstDay =
      this.#since === undefined ? '' : new Date(this.#since - DAY_MS).toISOString().slice(0, 10);
    const keys = files
      .filter(({ partition }) => (partition.finished_at_day ?? '') >= firstDay)
      .map(({ key }) => key);
    const paths = await localPaths({ store: this.#store, scratch: this.#scratch }, keys);
    const fields = snapshot === undefined ? [] : currentSchema(snapshot.metadata).fields;
    const ids = fields.filter(({ name }) => name === 'run_id' || name === 'finished_at');
    await this.#db.run(
      `CREATE OR REPLACE TEMP TABLE ${KNOWN} AS ${
        keys.length === 0
          ? 'SELECT NULL::VARCHAR AS run_id, NULL::TIMESTAMP AS finished_at WHERE false'
          : readFiles([...paths.values()], ids)
      }`,
    );
  }
}
