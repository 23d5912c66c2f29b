import path from 'node:path';
import type { TableReport } from '../../shared/maintenance/maintenance-report.ts';
import type { Warehouse } from '../../shared/query/warehouse.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
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
  type RunPage,
  type RunsFilter,
  type TableHistory,
} from '../pipeline.ts';
import { queryLake } from '../query-lake.ts';
import { tableHistory } from '../table-history.ts';
import type { Upload, Uploaded } from '../uploads.ts';
import { objectCreatedEvent, refuseUnusableKeys } from './lake.ts';
import { redriveAll, redriveOne } from './redrive.ts';
import { runAll } from './run.ts';
import { tidyUp } from './tidy-up.ts';
import { type Watching, type WatchLakeOptions, watchLake } from './watch-lake.ts';
import { openWorkspace, type Workspace, type WorkspaceOptions } from './workspace.ts';

/** A pipeline over a lake in a folder, whose executions run in this process. */
export class LocalPipeline implements Pipeline {
  readonly minGraceMs = 0;
  readonly #workspace: Workspace;

  /** @throws ConfigurationError when an environment variable or the state machine cannot be used */
  constructor(options: WorkspaceOptions) {
    this.#workspace = openWorkspace(options);
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

  async maintain(options: MaintainOptions = {}): Promise<TableReport[]> {
    const { lake, config } = this.#workspace;
    return await maintainLake({ lake, config }, this.minGraceMs, options);
  }

  /** Processes files as they are dropped into raw, until it is closed. Only a laptop needs it: AWS does so by itself. */
  async watch(options: WatchLakeOptions): Promise<Watching> {
    return await watchLake(this.#workspace, options);
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
