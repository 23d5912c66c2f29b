import path from 'node:path';
import { counted } from '../../shared/base/text.ts';
import { DAY_MS } from '../../shared/base/time.ts';
import type { TableReport } from '../../shared/maintenance/maintenance-report.ts';
import type { Warehouse } from '../../shared/query/warehouse.ts';
import type { ReplaySelection } from '../../shared/replay/selection.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import { forgetWhere } from '../forget/forget.ts';
import type { ForgetOptions, Receipt } from '../forgotten.ts';
import { withoutIgnored } from '../ignored-uploads.ts';
import { listRuns } from '../list-runs.ts';
import { detailOf, type ExecutionDetail, type ExecutionPage, pageOf } from '../listing.ts';
import { maintainLake } from '../maintain-lake.ts';
import type { Outcome } from '../outcome.ts';
import {
  type CallOptions,
  DEFAULT_LIMIT,
  type ExecutionFilter,
  type FailedSelection,
  type HistoryOptions,
  type MaintainOptions,
  type Pipeline,
  type QueryOptions,
  type Redriven,
  type RemoveOptions,
  type ReplayOptions,
  type RunPage,
  type RunsFilter,
  type TableHistory,
} from '../pipeline.ts';
import { queryLake } from '../query-lake.ts';
import { rebuildDataset } from '../rebuild/rebuild.ts';
import type { RebuildOptions, Rebuilt } from '../rebuilt.ts';
import { listRefusals, type RefusalFilter, type RefusalPage } from '../refusals.ts';
import type { RemovalReport } from '../removal/remove-files.ts';
import { removeFromLake } from '../remove-from-lake.ts';
import { planIn } from '../replay.ts';
import type { ReplayPlan, ReplayResult } from '../replayed.ts';
import { rollbackTable } from '../rollback.ts';
import type { RolledBackTable } from '../rolled-back.ts';
import { tableHistory } from '../table-history.ts';
import type { Upload, Uploaded } from '../uploads.ts';
import { objectCreatedEvent, refuseUnusableKeys } from './lake.ts';
import { redriveAll, redriveOne } from './redrive.ts';
import { removalSource } from './removal-source.ts';
import { localSources, runReplay } from './replay.ts';
import { runAll } from './run.ts';
import { tidyUp } from './tidy-up.ts';
import { type Watching, type WatchLakeOptions, watchLake } from './watch-lake.ts';
import { openWorkspace, type Workspace, type WorkspaceOptions } from './workspace.ts';

/** A pipeline over a lake in a folder, whose executions run in this process. */
export class LocalPipeline implements Pipeline {
  readonly minGraceMs = 0;
  readonly #workspace: Workspace;
  readonly #root: string;

  /** @throws ConfigurationError when an environment variable or the state machine cannot be used */
  constructor(options: WorkspaceOptions) {
    this.#workspace = openWorkspace(options);
    this.#root = options.root;
  }

  async upload(files: readonly Upload[], options: CallOptions = {}): Promise<Uploaded[]> {
    const uploads = withoutIgnored(files, options.observe);
    refuseUnusableKeys(uploads);
    return (await this.#copyIntoRaw(uploads, options)).map(({ uploaded }) => uploaded);
  }

  async run(files: readonly Upload[], options: CallOptions = {}): Promise<Outcome[]> {
    const uploads = withoutIgnored(files, options.observe);
    refuseUnusableKeys(uploads);
    await tidyUp(this.#workspace);
    const copies = await this.#copyIntoRaw(uploads, options);
    return await runAll(
      this.#workspace,
      copies.map(({ event }) => event),
      options,
    );
  }

  async executions({ status, limit = DEFAULT_LIMIT }: ExecutionFilter = {}): Promise<ExecutionPage> {
    return pageOf(this.#workspace.engine.list(status).toReversed(), limit);
  }

  async execution(id: string): Promise<ExecutionDetail | undefined> {
    const execution = this.#workspace.engine.find(id);
    return execution && detailOf(execution);
  }

  async redrive(which: { id: string } | FailedSelection, options: CallOptions = {}): Promise<Redriven[]> {
    return 'id' in which
      ? [await redriveOne(this.#workspace, which.id, options)]
      : await redriveAll(this.#workspace, which, options);
  }

  async planReplay(selection: ReplaySelection, options: ReplayOptions = {}): Promise<ReplayPlan> {
    const { requestedAt, resume, observe } = options;
    const source = { ...this.#workspace, root: this.#root };
    const own = localSources(this.#workspace, resume ? requestedAt : undefined);
    return await planIn(source, selection, own, observe);
  }

  async replay(selection: ReplaySelection, options: ReplayOptions = {}): Promise<ReplayResult> {
    const { requestedAt = new Date().toISOString(), signal } = options;
    const plan = await this.planReplay(selection, options);
    signal?.throwIfAborted();
    await tidyUp(this.#workspace);
    const files = await runReplay(this.#workspace, plan.files, requestedAt, options);
    return { requested_at: requestedAt, plan, files };
  }

  async query<T>(options: QueryOptions, work: (warehouse: Warehouse) => Promise<T>): Promise<T> {
    return await queryLake(this.#workspace, options, work);
  }

  async runs(filter: RunsFilter = {}): Promise<RunPage> {
    return await listRuns(this.#workspace, filter);
  }

  async history(table: string, options: HistoryOptions = {}): Promise<TableHistory> {
    const { lake, config } = this.#workspace;
    return await tableHistory({ lake, sqlDir: config.sqlDir }, table, options);
  }

  async quarantine(filter: RefusalFilter = {}): Promise<RefusalPage> {
    return await listRefusals(this.#workspace, filter);
  }

  async maintain(options: MaintainOptions = {}): Promise<TableReport[]> {
    const tables = await maintainLake(removalSource(this.#workspace), this.minGraceMs, options);
    await this.#remarkMissing(options);
    return tables;
  }

  async remove(asked: readonly string[], options: RemoveOptions = {}): Promise<RemovalReport[]> {
    return await removeFromLake(removalSource(this.#workspace), asked, options);
  }

  async rollback(table: string, to: number, { observe }: CallOptions = {}): Promise<RolledBackTable> {
    observe?.({ type: 'working', what: `Rolling back ${table}` });
    return await rollbackTable(this.#workspace, table, to);
  }

  async rebuild(dataset: string, options: RebuildOptions = {}): Promise<Rebuilt> {
    const { lake, config } = this.#workspace;
    const { versions, sequencerOf } = localSources(this.#workspace);
    return await rebuildDataset({ lake, config, versions, sequencerOf }, dataset, options);
  }

  async forget(dataset: string, where: string, options: ForgetOptions = {}): Promise<Receipt> {
    const { lake, config } = this.#workspace;
    const { versions } = localSources(this.#workspace);
    return await forgetWhere({ lake, config, versions }, dataset, where, options);
  }

  /** Processes files as they are dropped into raw, until it is closed. Only a laptop needs it: AWS does so by itself. */
  async watch(options: WatchLakeOptions): Promise<Watching> {
    return await watchLake(this.#workspace, options);
  }

  /** The deployed Maintain starts such files. Here they are told: a command that keeps tables in order runs no files. */
  async #remarkMissing({ observe }: MaintainOptions): Promise<void> {
    const days = this.#workspace.config.missingDays ?? 0;
    if (observe === undefined || days === 0) return;
    const since = new Date(Date.now() - days * DAY_MS).toISOString();
    const { files } = await this.planReplay({ missing: true, since });
    if (files.length === 0) return;
    const text = `${counted(files.length, 'file')} of the last ${counted(days, 'day')} never ran. To see and to run them: duckstep replay --missing --since ${days}d --dry-run`;
    observe({ type: 'remark', text });
  }

  async #copyIntoRaw(
    files: readonly Upload[],
    { observe, signal }: CallOptions,
  ): Promise<{ uploaded: Uploaded; event: ObjectCreated }[]> {
    const { lakeFolder, lake } = this.#workspace;
    const copies: { uploaded: Uploaded; event: ObjectCreated }[] = [];
    for (const { file, key } of files) {
      signal?.throwIfAborted();
      observe?.({ type: 'working', what: `Uploading ${file}` });
      const bytes = await lake.raw.upload(file, key);
      const version = await lake.raw.adopt(key);
      const uploaded: Uploaded = {
        ...{ file, key, bytes, location: path.join(lakeFolder, 'raw', key) },
        ...(version.versionId !== undefined && { versionId: version.versionId }),
      };
      observe?.({ type: 'uploaded', file: uploaded });
      copies.push({ uploaded, event: objectCreatedEvent(lake.raw.name, version) });
    }
    return copies;
  }
}
