import type { TableReport } from '../shared/maintenance/maintenance-report.ts';
import type { HistoryEntry } from '../shared/query/history.ts';
import type { RunPage } from '../shared/query/newest-runs.ts';
import type { RunFilter } from '../shared/query/run-filter.ts';
import type { Warehouse } from '../shared/query/warehouse.ts';
import type { When } from '../shared/query/when.ts';
import type { ReplaySelection } from '../shared/replay/selection.ts';
import type { CallOptions } from './call-options.ts';
import type { Observer } from './events.ts';
import type { ExecutionStatus } from './execution.ts';
import type { ForgetOptions, Receipt } from './forgotten.ts';
import type { ExecutionDetail, ExecutionPage } from './listing.ts';
import type { Outcome } from './outcome.ts';
import type { RebuildOptions, Rebuilt } from './rebuilt.ts';
import type { RefusalFilter, RefusalPage } from './refusals.ts';
import type { RemovalReport } from './removal/remove-files.ts';
import type { ReplayPlan, ReplayResult } from './replayed.ts';
import type { RolledBackTable } from './rolled-back.ts';
import type { Upload, Uploaded } from './uploads.ts';

export type { RunPage } from '../shared/query/newest-runs.ts';
export type { CallOptions } from './call-options.ts';

/**
 * Everything a user does to a pipeline, on a laptop or on AWS. The command-line program, the benchmarks and later clients
 * call this port and nothing behind it. Arguments and results are plain data; times are ISO 8601 in UTC.
 *
 * `openPipeline` returns one. Opening asks nothing of AWS: with a stage, the first method that needs the deployment
 * rejects with `ConfigurationError` when the region has no such stage. Every method may reject with
 * `StorageUnavailable` or an error of the AWS SDK.
 */
export interface Pipeline {
  /** The least `graceMs` that `maintain` accepts: 0 on a laptop; on AWS longer than others may redrive a run. */
  readonly minGraceMs: number;

  /**
   * Copies files into raw, one after the other: of two rows with one key, the row of the later file wins. On AWS each
   * copy starts an execution; on a laptop the next or the running `start` processes it. Emits `working` and `uploaded`.
   *
   * @throws UsageError when a key cannot be the name of a file (laptop)
   */
  upload(files: readonly Upload[], options?: CallOptions): Promise<Uploaded[]>;

  /**
   * Uploads files and waits until the execution of each has ended. Emits `working`, `uploaded`, `outcome` and
   * `progress`; on a laptop also the states. After an abort, a laptop ends the executions that run, and leaves the other
   * files in raw; on AWS the executions go on.
   *
   * @returns the outcomes in the order of the files; failed executions have one too
   * @throws UsageError when a key cannot be the name of a file (laptop)
   * @throws ConfigurationError when no execution begins within ten minutes of an upload (AWS)
   */
  run(files: readonly Upload[], options?: CallOptions): Promise<Outcome[]>;

  /** The newest executions, with the cost of each and of all. On AWS, only failed ones say which state they reached. */
  executions(filter?: ExecutionFilter): Promise<ExecutionPage>;

  /** One execution with its states and its cost; undefined when there is none of that id. */
  execution(id: string): Promise<ExecutionDetail | undefined>;

  /**
   * Resumes failed and stale executions at the state that failed, with the input it had. A laptop runs them to their
   * end; AWS runs them by itself, and the call returns once they have begun. One that is refused does not keep the
   * others from being resumed. Emits `working`, `progress`; on a laptop also `outcome` and the states.
   *
   * @throws UsageError when a single execution is named and the laptop refuses it
   */
  redrive(which: { id: string } | FailedSelection, options?: CallOptions): Promise<Redriven[]>;

  /**
   * Which file versions in raw `replay` would run, what they cost, and which it would not run and why. Changes nothing. Emits
   * `working`, and `remark` for contracts with mistakes.
   *
   * @throws UsageError when the selection selects nothing, or what nothing can match
   */
  planReplay(selection: ReplaySelection, options?: ReplayOptions): Promise<ReplayPlan>;

  /**
   * Runs file versions that lie in raw, each with the event of its upload: it is as old as it was, and rows of files that
   * came later stay. A laptop runs them to their end. AWS runs them by itself, and the call returns once they have begun,
   * unless it waits. Emits `working`, `progress`; where it waits also `outcome`, and on a laptop the states.
   *
   * After an abort or an error a call with the same selection, `requestedAt` and `resume` continues.
   *
   * @throws UsageError when the selection selects nothing, or what nothing can match
   */
  replay(selection: ReplaySelection, options?: ReplayOptions): Promise<ReplayResult>;

  /**
   * Opens the tables `silver.<dataset>`, `gold.<model>`, `quarantine.<dataset>`, `quarantine_history.<dataset>` and
   * `runs` in DuckDB while the work runs. Emits `remark` for tables that are left out, and for what is not exactly as it was
   * at the time asked for.
   *
   * @throws UsageError for a time or a snapshot that is not kept
   * @throws ContractInvalid for a mistake in any contract or gold model, unless `sql` is given
   */
  query<T>(options: QueryOptions, work: (warehouse: Warehouse) => Promise<T>): Promise<T>;

  /**
   * The records of the runs that finished last, the latest first. The newest hundred cost the same however many there are;
   * a filter that few runs match may read all.
   *
   * @throws UsageError for an `after` that no page had
   * @throws TableDamaged when a record cannot be read
   */
  runs(filter?: RunsFilter): Promise<RunPage>;

  /**
   * The snapshots of one table, the newest first.
   *
   * @param table `silver.<dataset>`, `gold.<model>`, or the name alone where only one table has it; case does not matter
   * @throws UsageError when there is no such table, or several
   */
  history(table: string, options?: HistoryOptions): Promise<TableHistory>;

  /**
   * Takes files out of the lake: their rows leave silver and gold, each dataset in one commit, rows of other files that
   * theirs hid show again, and the files leave raw, where earlier versions of them are kept. A late event, an execution
   * under way and a redrive do not bring them back; a replay and a version that is uploaded later do. Removals that were not
   * finished are carried out first. Emits `working`.
   *
   * @param asked keys in raw, and prefixes that end in `/`
   * @throws UsageError when one of them names no file
   */
  remove(asked: readonly string[], options?: RemoveOptions): Promise<RemovalReport[]>;

  /**
   * Gives a silver table the rows that it had in an earlier snapshot, and gold follows. Files that were loaded since are out:
   * a replay loads them again, and so does a new upload. Emits `working`.
   *
   * @param table `silver.<dataset>`, or the dataset alone
   * @param to id of a snapshot that is kept; `history` lists them
   * @throws UsageError when there is no such table or snapshot
   */
  rollback(table: string, to: number, options?: CallOptions): Promise<RolledBackTable>;

  /**
   * Makes silver and gold of a dataset again from raw, in the order of the uploads and under the present contract, beside
   * the live tables, which stay as they are until the new rows take their place. Runs in this process, on AWS too. A rebuild
   * that was interrupted goes on with the next call. Emits `working` and `progress`.
   *
   * @throws UsageError when silver has rows of files that are not in raw any more, and `dropLost` is not set
   */
  rebuild(dataset: string, options?: RebuildOptions): Promise<Rebuilt>;

  /**
   * Lists the runs that refused rows or whole files, the newest first, each with its report. Emits
   * `remark` for a report that cannot be read. Runs without a record, which are under way or failed, are not listed.
   */
  quarantine(filter?: RefusalFilter): Promise<RefusalPage>;

  /**
   * Removes the rows that fulfil a condition from a dataset for good: from silver, gold, quarantine and what is staged, with
   * all earlier snapshots. Raw versions that brought them are listed, or deleted too. Runs in this process, on AWS too. A
   * request that was interrupted goes on with the next call. Emits `working`.
   *
   * @param where SQL of one condition over the columns of the silver table
   * @throws UsageError for text that is no such condition, and where another request or a rebuild is unfinished
   */
  forget(dataset: string, where: string, options?: ForgetOptions): Promise<Receipt>;

  /**
   * Merges small files, expires snapshots and removes files that no snapshot refers to, in every table. A table that
   * fails has an `error`, and does not keep the others from being maintained. With `quarantineDays` also what was removed
   * from quarantine, by dataset. Removals that were not finished are carried out first.
   *
   * @throws UsageError when `graceMs` is below `minGraceMs`
   */
  maintain(options?: MaintainOptions): Promise<TableReport[]>;
}

export interface ExecutionFilter {
  status?: ExecutionStatus | undefined;
  /** The number of executions at most. Default: 50. */
  limit?: number | undefined;
}

export const DEFAULT_LIMIT = 50;

/** Executions that failed, and on a laptop those whose process died. */
export interface FailedSelection {
  status?: 'failed' | 'stale' | undefined;
  /** Only those that ended at this time or later. */
  since?: string | undefined;
  /** Only those that failed with the error of this name. */
  error?: string | undefined;
}

/** One execution that was to be resumed. */
export type Redriven =
  /** `outcome` is undefined where the execution has begun and was not waited for. */
  | { execution: string; outcome: Outcome | undefined; refused?: undefined }
  /** It was not resumed; `refused` is the name and the message of the error. */
  | { execution: string; outcome?: undefined; refused: string };

export interface ReplayOptions extends CallOptions {
  /**
   * The time that names the replay; ISO 8601, UTC. Default: now. A replay that was interrupted is continued by the same
   * selection with the same time: what it has begun is not begun again.
   */
  requestedAt?: string | undefined;
  /** Whether the replay may have begun before. */
  resume?: boolean | undefined;
  /** Whether the call waits until the executions have ended. A laptop always does. */
  wait?: boolean | undefined;
  /** Executions that AWS is asked to start in a second, at most. Default: `DEFAULT_PACE`. */
  perSecond?: number | undefined;
  /** Executions that run at a time on AWS, at most. Default: `DEFAULT_PACE`. */
  atOnce?: number | undefined;
}

export interface QueryOptions {
  /**
   * The only query that the work will ask. Files that cannot matter to it are left out, and so are tables whose contract
   * or model has mistakes. Without it all tables are whole.
   */
  sql?: string | undefined;
  /** All tables as of then. */
  at?: When | undefined;
  observe?: Observer | undefined;
}

export interface RunsFilter extends RunFilter {
  /** The number of runs at most. Default: `DEFAULT_RUNS`. */
  limit?: number | undefined;
  /** The `next` of the page before. */
  after?: string | undefined;
}

export const DEFAULT_RUNS = 100;

export interface HistoryOptions {
  /** The number of snapshots at most. Default: all. */
  limit?: number | undefined;
  observe?: Observer | undefined;
}

export interface TableHistory {
  /** The full name: `silver.signups`. */
  table: string;
  /** The newest first, at most `limit`. */
  entries: HistoryEntry[];
  /** The number of snapshots that are kept. */
  kept: number;
  /** The number of commits so far; 0 where nothing is committed. */
  committed: number;
}

export interface RemoveOptions extends CallOptions {
  /** Leaves the files in raw. */
  keepRaw?: boolean | undefined;
  /** Changes nothing, and reports the files that it would take out. */
  dryRun?: boolean | undefined;
}

export interface MaintainOptions {
  /** Files that no snapshot refers to are removed when they are older than this. Default: 15 days. */
  graceMs?: number | undefined;
  /** Refused rows and reports in quarantine are removed when they are older than this. Default: they are kept. */
  quarantineDays?: number | undefined;
  /** Changes nothing, and reports the changes that it would make. */
  dryRun?: boolean | undefined;
  /** Receives `remark` for files that never ran (laptop; the deployed Maintain starts them). */
  observe?: Observer | undefined;
}
