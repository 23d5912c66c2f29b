import path from 'node:path';
import { ObjectMissing } from '../../shared/errors.ts';
import type { ObjectInfo, ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { GRACE_MS } from '../../shared/lake/table/upkeep/orphans.ts';
import type { TableReport } from '../../shared/maintenance/maintenance-report.ts';
import type { Warehouse } from '../../shared/query/warehouse.ts';
import type { ReplaySelection } from '../../shared/replay/selection.ts';
import { type Config, configFromEnv } from '../../shared/runtime/config.ts';
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
import { refusalOf } from '../refusal.ts';
import { listRefusals, type RefusalFilter, type RefusalPage } from '../refusals.ts';
import type { RemovalReport } from '../removal/remove-files.ts';
import { removeFromLake } from '../remove-from-lake.ts';
import { planIn } from '../replay.ts';
import type { ReplayPlan, ReplayResult } from '../replayed.ts';
import { rollbackTable } from '../rollback.ts';
import type { RolledBackTable } from '../rolled-back.ts';
import { tableHistory } from '../table-history.ts';
import type { Upload, Uploaded } from '../uploads.ts';
import { awaitOutcomes, type Clock } from './await-outcomes.ts';
import { stageCatalog } from './catalog.ts';
import { type Deployment, openDeployment } from './deployment.ts';
import { DeployedExecutions } from './executions.ts';
import { removalSource } from './removal-source.ts';
import { deployedSources, startReplay } from './replay.ts';

export interface AwsPipelineOptions {
  /** The project's folder: the datasets lie below it. */
  root: string;
  env: NodeJS.ProcessEnv;
  stage: string;
  /** Replaces the clock that `run` waits by. */
  clock?: Clock;
}

interface Opened {
  deployment: Deployment;
  executions: DeployedExecutions;
}

/** The pipeline of one deployed stage. Finds the stage when a method first needs it. */
export class AwsPipeline implements Pipeline {
  readonly minGraceMs = GRACE_MS;
  readonly #options: AwsPipelineOptions;
  #opened: Promise<Opened> | undefined;

  constructor(options: AwsPipelineOptions) {
    this.#options = options;
  }

  async upload(files: readonly Upload[], options: CallOptions = {}): Promise<Uploaded[]> {
    const { raw } = (await this.#open()).deployment.lake;
    const uploads: Uploaded[] = [];
    for (const file of withoutIgnored(files, options.observe))
      uploads.push(await copyIntoRaw(raw, file, options));
    return uploads;
  }

  async run(files: readonly Upload[], options: CallOptions = {}): Promise<Outcome[]> {
    const { deployment, executions } = await this.#open();
    const { raw } = deployment.lake;
    const { clock } = this.#options;
    const versions: ObjectInfo[] = [];
    for (const file of withoutIgnored(files, options.observe)) {
      await copyIntoRaw(raw, file, options);
      // Read at once, before somebody else uploads another version.
      const version = await raw.head(file.key);
      if (version === undefined) throw new ObjectMissing(`s3://${raw.name}/${file.key} is not there`);
      versions.push(version);
    }
    return await awaitOutcomes(executions, versions, { ...options, ...(clock && { clock }) });
  }

  async executions({ status, limit = DEFAULT_LIMIT }: ExecutionFilter = {}): Promise<ExecutionPage> {
    const { executions } = await this.#open();
    return pageOf(await executions.list(status, limit + 1), limit);
  }

  async execution(id: string): Promise<ExecutionDetail | undefined> {
    const execution = await (await this.#open()).executions.find(id);
    return execution && detailOf(execution);
  }

  async redrive(
    which: { id: string } | FailedSelection,
    { observe, signal }: CallOptions = {},
  ): Promise<Redriven[]> {
    const { executions } = await this.#open();
    const ids = 'id' in which ? [which.id] : await this.#failed(executions, which, observe);
    const redriven: Redriven[] = [];
    for (const execution of ids) {
      signal?.throwIfAborted();
      try {
        await executions.redrive(execution);
        redriven.push({ execution, outcome: undefined });
      } catch (error) {
        // AWS refuses executions that ended more than 14 days ago.
        redriven.push({ execution, refused: refusalOf(error) });
      }
      observe?.({ type: 'progress', done: redriven.length, total: ids.length });
    }
    return redriven;
  }

  async planReplay(selection: ReplaySelection, options: ReplayOptions = {}): Promise<ReplayPlan> {
    const { deployment } = await this.#open();
    const { requestedAt, resume, observe } = options;
    const source = { lake: deployment.lake, config: this.#config(), root: this.#options.root };
    const own = deployedSources(deployment, resume ? requestedAt : undefined);
    return await planIn(source, selection, own, observe);
  }

  async replay(selection: ReplaySelection, options: ReplayOptions = {}): Promise<ReplayResult> {
    const { requestedAt = new Date().toISOString(), signal } = options;
    const { clock } = this.#options;
    const plan = await this.planReplay(selection, options);
    signal?.throwIfAborted();
    const opened = await this.#open();
    const files = await startReplay(opened, plan, requestedAt, { ...options, ...(clock && { clock }) });
    return { requested_at: requestedAt, plan, files };
  }

  async query<T>(options: QueryOptions, work: (warehouse: Warehouse) => Promise<T>): Promise<T> {
    const { lake } = (await this.#open()).deployment;
    return await queryLake({ lake, config: this.#config() }, options, work);
  }

  async runs(filter: RunsFilter = {}): Promise<RunPage> {
    const { lake } = (await this.#open()).deployment;
    return await listRuns({ lake, config: this.#config() }, filter);
  }

  async history(table: string, options: HistoryOptions = {}): Promise<TableHistory> {
    const { lake } = (await this.#open()).deployment;
    return await tableHistory({ lake, sqlDir: this.#config().sqlDir }, table, options);
  }

  async quarantine(filter: RefusalFilter = {}): Promise<RefusalPage> {
    const { lake } = (await this.#open()).deployment;
    return await listRefusals({ lake, config: this.#config() }, filter);
  }

  async maintain(options: MaintainOptions = {}): Promise<TableReport[]> {
    return await maintainLake(removalSource(await this.#tables()), this.minGraceMs, options);
  }

  async rollback(table: string, to: number, { observe }: CallOptions = {}): Promise<RolledBackTable> {
    observe?.({ type: 'working', what: `Rolling back ${table}` });
    return await rollbackTable(await this.#tables(), table, to);
  }

  async rebuild(dataset: string, options: RebuildOptions = {}): Promise<Rebuilt> {
    const source = await this.#tables();
    const versions = (prefix: string) => source.lake.raw.listVersions(prefix);
    return await rebuildDataset({ ...source, versions }, dataset, options);
  }

  async remove(asked: readonly string[], options: RemoveOptions = {}): Promise<RemovalReport[]> {
    return await removeFromLake(removalSource(await this.#tables()), asked, options);
  }

  async forget(dataset: string, where: string, options: ForgetOptions = {}): Promise<Receipt> {
    const source = await this.#tables();
    const versions = (prefix: string) => source.lake.raw.listVersions(prefix);
    return await forgetWhere({ ...source, versions }, dataset, where, options);
  }

  /** The stage's lake and its catalog, for what changes tables in this process. */
  async #tables() {
    const { stage, env } = this.#options;
    const { lake } = (await this.#open()).deployment;
    return { lake, config: this.#config(), catalog: stageCatalog(stage, env) };
  }

  async #failed(
    executions: DeployedExecutions,
    { status, ...selection }: FailedSelection,
    observe: CallOptions['observe'],
  ): Promise<string[]> {
    // Step Functions notices when a function dies: no execution is stale.
    if (status === 'stale') return [];
    observe?.({ type: 'working', what: 'Looking for what has failed' });
    return await executions.failed(selection);
  }

  /** The local configuration: it says where the datasets are, and limits DuckDB in this process. */
  #config(): Config {
    const { root, env } = this.#options;
    return configFromEnv(env, { sqlDir: path.join(root, 'sql') });
  }

  /** Found once. After an error the next call looks again. */
  #open(): Promise<Opened> {
    const { stage, env } = this.#options;
    this.#opened ??= openDeployment(stage, env).then(
      (deployment) => ({ deployment, executions: new DeployedExecutions(deployment) }),
      (error: unknown) => {
        this.#opened = undefined;
        throw error;
      },
    );
    return this.#opened;
  }
}

const copyIntoRaw = async (
  raw: ObjectStore,
  { file, key }: Upload,
  { observe, signal }: CallOptions,
): Promise<Uploaded> => {
  signal?.throwIfAborted();
  observe?.({ type: 'working', what: `Uploading ${file}` });
  const bytes = await raw.upload(file, key);
  const uploaded = { file, key, bytes, location: `s3://${raw.name}/${key}` };
  observe?.({ type: 'uploaded', file: uploaded });
  return uploaded;
};
