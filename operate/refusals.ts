import path from 'node:path';
import { inParallel } from '../shared/base/in-parallel.ts';
import type { Resources } from '../shared/engine/resources.ts';
import { withScratch } from '../shared/engine/scratch.ts';
import { type Bindable, withDuckDb } from '../shared/engine/with-duckdb.ts';
import { InvalidInput } from '../shared/errors.ts';
import { type Lake, lakePaths } from '../shared/lake/paths.ts';
import { attachRuns } from '../shared/query/attach-runs.ts';
import type { RUN_STATUSES } from '../shared/run/payload.ts';
import { standingRuns } from '../shared/run/standing-runs.ts';
import { parseQuarantineReport, type QuarantineReport } from '../shared/stages/quarantine/report.ts';
import type { Observer } from './events.ts';

export interface RefusalFilter {
  /** Case does not matter. */
  dataset?: string | undefined;
  /** Only the file of this key in raw. */
  key?: string | undefined;
  /** Only the run of this id, whether it stands or not. */
  run?: string | undefined;
  /** Also runs that do not stand any more. */
  history?: boolean | undefined;
  /** The number of runs at most. Default: 20. */
  limit?: number | undefined;
  observe?: Observer | undefined;
}

export const DEFAULT_REFUSALS = 20;

/** A run that refused rows, or its whole file. Times are ISO 8601. */
export interface Refusal {
  run_id: string;
  dataset: string;
  key: string;
  version: string | null;
  uploaded_at: string;
  finished_at: string;
  status: (typeof RUN_STATUSES)[number];
  /** Whether `quarantine.<dataset>` shows the rows: no later version or run of the file has taken the run's place. */
  standing: boolean;
  rows_read: number;
  /** With the status `quarantined` all rows of the file. */
  rows_rejected: number;
  reason: string;
  error: string | null;
  /** Where the report lies, as a URI. */
  location: string;
  /** Null where it has expired or cannot be read. */
  report: QuarantineReport | null;
}

export interface RefusalPage {
  /** The newest first, at most `limit`. */
  refusals: Refusal[];
  /** Whether there are others. */
  more: boolean;
}

/** `Pipeline.quarantine` over a lake in any storage. */
export const listRefusals = async (
  { lake, config }: { lake: Pick<Lake, 'gold' | 'quarantine'>; config: Resources },
  { limit = DEFAULT_REFUSALS, observe, ...filter }: RefusalFilter,
): Promise<RefusalPage> => {
  const { memoryMb, threads, scratchRoot } = config;
  const found = await withScratch(scratchRoot, (scratch) =>
    withDuckDb({ memoryMb, threads, scratch }, async (db) => {
      const runs = await attachRuns(db, lake.gold, path.join(scratch, 'gold'), undefined);
      await db.run(`CREATE TEMP TABLE _records AS SELECT ${COLUMNS} FROM (${runs})`);
      const { where, params } = conditionsOf(filter);
      return await db.all<Omit<Refusal, 'report' | 'location'>>(
        `SELECT run_id, dataset, source_key AS key, source_version AS version, ${iso('uploaded_at')}, ${iso('finished_at')},
          status, standing, rows_read, rows_rejected, reason, error
        FROM (SELECT *, status IN ('loaded', 'quarantined') AND run_id IN (SELECT run_id FROM (${standingRuns('_records')})) AS standing
          FROM _records WHERE status = 'quarantined' OR rows_rejected > 0) AS refusing
        WHERE ${where} ORDER BY refusing.finished_at DESC, run_id LIMIT ${limit + 1}`,
        params,
      );
    }),
  );
  const refusals = await inParallel(found.slice(0, limit), async (run): Promise<Refusal> => {
    const at = lakePaths.quarantineReport(run.dataset, run.run_id);
    return {
      ...run,
      location: `${lake.quarantine.uri}${lakePaths.quarantineSummary(run.dataset, run.run_id)}`,
      report: await readReport(lake, at, observe),
    };
  });
  return { refusals, more: found.length > limit };
};

/** The columns that are listed, and those that decide which run stands. */
const COLUMNS = [
  ...['run_id', 'source_id', 'dataset', 'source_key', 'source_version', 'source_sequencer', 'uploaded_at'],
  ...['finished_at', 'status', 'rows_read', 'rows_rejected', 'reason', 'error'],
].join(', ');

const iso = (moment: string): string => `strftime(${moment}, '%Y-%m-%dT%H:%M:%S.%gZ') AS ${moment}`;

const conditionsOf = ({
  dataset,
  key,
  run,
  history = false,
}: RefusalFilter): { where: string; params: Bindable[] } => {
  const [conditions, params]: [string[], Bindable[]] = [[], []];
  const add = (condition: string, value: string): void => {
    params.push(value);
    conditions.push(`${condition} = $${params.length}`);
  };
  if (dataset !== undefined) add('lower(dataset)', dataset.toLowerCase());
  if (key !== undefined) add('source_key', key);
  if (run !== undefined) add('run_id', run);
  if (!history && run === undefined) conditions.push('standing');
  return { where: conditions.join(' AND ') || 'true', params };
};

const readReport = async (
  { quarantine }: Pick<Lake, 'quarantine'>,
  key: string,
  observe: Observer | undefined,
): Promise<QuarantineReport | null> => {
  const body = await quarantine.read(key);
  try {
    return body === undefined ? null : parseQuarantineReport(String(body), key);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    // The other runs are listed all the same.
    observe?.({ type: 'remark', text: error.message });
    return null;
  }
};
