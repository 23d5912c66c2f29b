import { literalList } from '../engine/sql.ts';
import type { Db } from '../engine/with-duckdb.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { localPaths } from '../lake/table/read/table-view.ts';
import { standingRuns } from '../run/standing-runs.ts';
import { type RefusedRows, rowsIn } from './refused-rows.ts';

/** `standing`: the run's refused rows are what its source lacks now. `later`: the run had not finished at the time asked for. */
export type RefusalState = 'standing' | 'past' | 'later';

/** Columns of run records that decide which of them stand. */
const DECISIVE = [
  ...['run_id', 'source_id', 'source_bucket', 'source_key', 'source_version', 'source_sequencer'],
  ...['uploaded_at', 'finished_at', 'status', 'rows_rejected'],
].join(', ');

/** The states of the runs that refused rows. */
export class RefusingRuns {
  readonly #states: ReadonlyMap<string, RefusalState>;

  private constructor(states: ReadonlyMap<string, RefusalState>) {
    this.#states = states;
  }

  /**
   * Finds the state of each run with refused rows. A run without a record (it is under way, or waits for a redrive)
   * stands unless a run of a later upload of its source does: its rows are read to see whose they are.
   *
   * @param runs a SELECT of all run records
   * @param until leaves out what came later; milliseconds since 1970
   */
  static async read(
    db: Db,
    quarantine: { store: ObjectStore; scratch: string },
    refused: readonly RefusedRows[],
    { runs, until }: { runs: string; until: number | undefined },
  ): Promise<RefusingRuns> {
    if (refused.length === 0) return new RefusingRuns(new Map());
    const by = (moment: string): string =>
      until === undefined ? 'true' : `${moment} <= make_timestamp_ms(${until})`;
    await db.run(`CREATE OR REPLACE TEMP TABLE _runs AS SELECT ${DECISIVE} FROM (${runs})`);
    await db.run(
      `CREATE OR REPLACE TEMP TABLE _standing AS ${standingRuns(`(FROM _runs WHERE ${by('finished_at')})`)}`,
    );
    const recorded = await db.all<{ run_id: string; state: RefusalState }>(`
      SELECT run_id, CASE
        WHEN NOT ${by('finished_at')} THEN 'later'
        WHEN run_id IN (SELECT run_id FROM _standing
          WHERE status = 'quarantined' OR (status = 'loaded' AND rows_rejected > 0)) THEN 'standing'
        ELSE 'past' END AS state
      FROM _runs WHERE run_id IN (SELECT unnest(${literalList(refused.map(({ runId }) => runId))}))`);
    const states = new Map(recorded.map(({ run_id, state }) => [run_id, state]));
    const unrecorded = refused.filter(({ runId }) => !states.has(runId));
    if (unrecorded.length > 0) {
      const paths = await localPaths(
        quarantine,
        unrecorded.map(({ key }) => key),
      );
      const found = await db.all<{ run_id: string; state: RefusalState }>(`
        SELECT run_id, CASE
          WHEN NOT ${by('uploaded_at')} THEN 'later'
          WHEN EXISTS (FROM _standing AS newer WHERE newer.source_bucket = own.source_bucket
            AND newer.source_key = own.source_key AND newer.uploaded_at > own.uploaded_at) THEN 'past'
          ELSE 'standing' END AS state
        FROM (SELECT run_id, source_bucket, source_key, max(uploaded_at) AS uploaded_at
          ${rowsIn([...paths.values()])} GROUP BY ALL) AS own`);
      for (const { run_id, state } of found) states.set(run_id, state);
    }
    return new RefusingRuns(states);
  }

  stateOf(runId: string): RefusalState {
    return this.#states.get(runId) ?? 'past';
  }
}
