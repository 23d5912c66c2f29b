import path from 'node:path';
import type { ObjectInfo } from '../../shared/lake/storage/object-store.ts';
import type { Execution } from '../execution.ts';
import type { Load } from '../queue.ts';
import type { Engine, OnEvent } from './engine.ts';
import { type Arrival, Intake } from './intake.ts';
import { type LocalLake, objectCreatedEvent } from './lake.ts';
import { RawWatcher } from './raw-watcher.ts';
import { Scheduler } from './scheduler.ts';
import type { Shares } from './shares.ts';
import { Timers } from './timers.ts';
import { VersionIndex } from './version-index.ts';

export interface WatchOptions {
  lakeFolder: string;
  lake: LocalLake;
  engine: Engine;
  /** The number of files at a time, and their shares of the machine. */
  shares: Shares;
  /** A file that did not grow for this many milliseconds is complete. Default: 2,000. */
  settledMs?: number;
  /** Milliseconds between two looks at an execution that another process runs. Default: 10,000. */
  otherMs?: number;
  onEvent?: OnEvent;
  onEnd(execution: Execution): void;
  /** An execution of the file failed earlier: it waits for a person to redrive it. */
  onFailedEarlier(execution: Execution): void;
  /** A file is not processed, because its name says that it is no data; reported once. */
  onIgnored(key: string, reason: string): void;
  /** @param key empty where the error concerns no file */
  onError(key: string, error: unknown): void;
}

export interface Watch {
  /** Resolves once the folder is watched; files that lie in it are queued by then. */
  ready: Promise<void>;
  /** The number of files that run and wait at the moment. */
  load(): Load;
  /** Accepts no more files, and waits for those that are being processed. */
  close(): Promise<void>;
}

/**
 * Processes the files that are dropped into raw, and those that were dropped before. A version that has an execution
 * gets no other. An execution whose process died, or dies, is resumed, as AWS would have continued it.
 */
export const watchRaw = (options: WatchOptions): Watch => {
  const watch = new LakeWatch(options);
  return { ready: watch.ready, load: () => watch.load, close: () => watch.close() };
};

class LakeWatch {
  readonly ready: Promise<void>;
  readonly #options: WatchOptions;
  readonly #otherMs: number;
  readonly #known: VersionIndex;
  readonly #scheduler: Scheduler;
  readonly #intake: Intake;
  readonly #watcher: RawWatcher;
  readonly #timers = new Timers();

  constructor(options: WatchOptions) {
    const { lakeFolder, engine, shares, settledMs = 2_000, otherMs = 10_000 } = options;
    const { onIgnored, onError } = options;
    this.#options = options;
    this.#otherMs = otherMs;
    this.#known = new VersionIndex(engine);
    this.#scheduler = new Scheduler(shares);
    // Before the files in raw are read: an execution goes on even where its file has been removed, as on AWS.
    for (const execution of this.#known.unfinished()) this.#resume(execution);
    this.#intake = new Intake((arrival) => this.#adopt(arrival));
    this.#watcher = new RawWatcher({
      raw: path.join(lakeFolder, 'raw'),
      settledMs,
      timers: this.#timers,
      onFile: (arrival) => this.#intake.add(arrival),
      onIgnored,
      onError,
    });
    this.ready = this.#watcher.ready;
  }

  get load(): Load {
    const { running, waiting, done } = this.#scheduler.load;
    const { small, large } = this.#intake.waiting;
    return { running, waiting: { small: waiting.small + small, large: waiting.large + large }, done };
  }

  async close(): Promise<void> {
    this.#timers.close();
    await Promise.all([this.#scheduler.close(), this.#intake.close(), this.#watcher.close()]);
  }

  /** Gives a file its version, and decides what to do with it. One that was written again since has to settle again. */
  async #adopt(arrival: Arrival): Promise<void> {
    const { key } = arrival;
    try {
      const version = await this.#options.lake.raw.adoptIf(key, arrival);
      if (version === undefined) this.#watcher.settle(key);
      else this.#consider(version);
    } catch (error) {
      this.#options.onError(key, error);
    }
  }

  #consider(version: ObjectInfo): void {
    const { key, size: bytes } = version;
    const earlier = this.#known.find(version);
    if (earlier?.status === 'failed') this.#options.onFailedEarlier(earlier);
    else if (earlier?.status === 'running') this.#awaitOther(version);
    else if (earlier === undefined || earlier.status === 'stale')
      this.#scheduler
        .add({ key, bytes, run: (memoryMb) => this.#process(version, memoryMb) })
        .catch(this.#reportTo(key));
  }

  async #process(version: ObjectInfo, memoryMb: number): Promise<void> {
    const { lake, onFailedEarlier } = this.#options;
    // Another process may have taken the file while it waited in the queue.
    const earlier = this.#known.refresh().find(version);
    if (earlier?.status === 'failed') onFailedEarlier(earlier);
    else if (earlier?.status === 'running') this.#awaitOther(version);
    else if (earlier?.status === 'stale') await this.#redrive(earlier.id, memoryMb);
    else if (earlier === undefined) await this.#run(objectCreatedEvent(lake.raw.name, version), memoryMb);
  }

  /** Resumes an execution that had not ended when the watch began. */
  #resume({ id, event }: Execution): void {
    const { engine } = this.#options;
    const { key, size: bytes = 0 } = event.detail.object;
    const run = async (memoryMb: number): Promise<void> => {
      const now = engine.find(id);
      if (now?.status === 'stale') await this.#redrive(id, memoryMb);
      else if (now?.status === 'running')
        this.#afterOther(
          () => engine.find(id),
          key,
          () => this.#resume(now),
        );
    };
    this.#scheduler.add({ key, bytes, run }).catch(this.#reportTo(key));
  }

  async #run(event: ReturnType<typeof objectCreatedEvent>, memoryMb: number): Promise<void> {
    const { engine, onEnd, onEvent } = this.#options;
    onEnd(await engine.run(event, { memoryMb, ...(onEvent && { onEvent }) }));
  }

  async #redrive(id: string, memoryMb: number): Promise<void> {
    const { engine, onEnd, onEvent } = this.#options;
    onEnd(await engine.redrive(id, { memoryMb, ...(onEvent && { onEvent }) }));
  }

  #awaitOther(version: ObjectInfo): void {
    this.#afterOther(
      () => this.#known.find(version),
      version.key,
      () => this.#consider(version),
    );
  }

  /**
   * Does the work once no other process runs an execution. Looks a second time where the other seems dead: it may have
   * slept, with the machine, at a single look.
   */
  #afterOther(find: () => Execution | undefined, key: string, work: () => void): void {
    const report = this.#reportTo(key);
    const again = (): void => this.#afterOther(find, key, work);
    const lookTwice = async (): Promise<void> => (find()?.status === 'running' ? again() : work());
    const look = async (): Promise<void> => {
      const status = find()?.status;
      if (status === 'running') again();
      else if (status === 'stale') this.#timers.later(this.#otherMs, lookTwice, report);
      else work();
    };
    this.#timers.later(this.#otherMs, look, report);
  }

  #reportTo(key: string): (error: unknown) => void {
    return (error) => this.#options.onError(key, error);
  }
}
