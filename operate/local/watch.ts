import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { watch as watchFolder } from 'chokidar';
import { unlessMissing } from '../../shared/base/files.ts';
import type { ObjectInfo } from '../../shared/lake/storage/object-store.ts';
import { ignoredBecause } from '../../shared/run/ignored-key.ts';
import type { Engine } from './engine.ts';
import type { Execution } from './execution.ts';
import { Intake } from './intake.ts';
import { type LocalLake, objectCreatedEvent } from './lake.ts';
import { type Load, Scheduler } from './scheduler.ts';
import type { Shares } from './shares.ts';
import { UnreadableNames, watchedFolderOf } from './unreadable-names.ts';

export interface WatchOptions {
  lakeFolder: string;
  lake: LocalLake;
  engine: Engine;
  /** What is processed at a time, and what of the machine it may take. */
  shares: Shares;
  /** A file that did not grow for so long is complete, in milliseconds. */
  settledMs?: number;
  /** After so many milliseconds it is looked again whether another process is still at a file. */
  otherMs?: number;
  onEnd(execution: Execution): void;
  /** An execution of the file failed earlier: it waits for a person to redrive it. */
  onFailedEarlier(execution: Execution): void;
  /** A file is not processed, because its name says that it is no data; reported once. */
  onIgnored(key: string, reason: string): void;
  onError(key: string, error: unknown): void;
}

export interface Watch {
  /** Resolves once the folder is watched; files that lie there already are on their way then. */
  ready: Promise<void>;
  /** What runs and what waits at the moment. */
  load(): Load;
  /** Takes no more files, and waits for those that are being processed. */
  close(): Promise<void>;
}

/**
 * Processes what is dropped into raw, and what was dropped while nobody looked. A version that has an execution
 * gets no other; one whose process died, or dies, is resumed, as AWS would have gone on with it.
 */
export const watchRaw = (options: WatchOptions): Watch => {
  const { lakeFolder, lake, engine, settledMs = 2_000, otherMs = 10_000 } = options;
  const raw = path.join(lakeFolder, 'raw');
  const known = new VersionIndex(engine);
  const scheduler = new Scheduler(options.shares);

  let closed = false;
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, work: () => Promise<void>, report: (error: unknown) => void): void => {
    if (closed) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      work().catch(report);
    }, ms);
    timers.add(timer);
  };
  const reportTo =
    (key: string) =>
    (error: unknown): void =>
      options.onError(key, error);

  const process = async (version: ObjectInfo, memoryMb: number): Promise<void> => {
    // Another process may have had the file while it waited here.
    const earlier = known.refresh().find(version);
    if (earlier?.status === 'failed') options.onFailedEarlier(earlier);
    else if (earlier?.status === 'running') lookLater(version);
    else if (earlier?.status === 'stale') options.onEnd(await engine.redrive(earlier.id, { memoryMb }));
    else if (earlier === undefined)
      options.onEnd(await engine.run(objectCreatedEvent(lake.raw.name, version), { memoryMb }));
  };
  const consider = (version: ObjectInfo): void => {
    const { key, size: bytes } = version;
    const earlier = known.find(version);
    if (earlier?.status === 'failed') options.onFailedEarlier(earlier);
    else if (earlier?.status === 'running') lookLater(version);
    else if (earlier === undefined || earlier.status === 'stale')
      scheduler.add({ key, bytes, run: (memoryMb) => process(version, memoryMb) }).catch(reportTo(key));
  };
  /**
   * Does something once another process is no longer at an execution. One that is silent at a single look may have
   * slept, as the machine did.
   */
  const afterOther = (find: () => Execution | undefined, key: string, work: () => void): void => {
    const again = async (): Promise<void> => afterOther(find, key, work);
    const look = async (): Promise<void> => {
      const status = find()?.status;
      if (status === 'running') await again();
      else if (status !== 'stale') work();
      else later(otherMs, async () => (find()?.status === 'running' ? again() : work()), reportTo(key));
    };
    later(otherMs, look, reportTo(key));
  };
  const lookLater = (version: ObjectInfo): void =>
    afterOther(
      () => known.find(version),
      version.key,
      () => consider(version),
    );

  const resume = ({ id, event }: Execution): void => {
    const { key, size: bytes = 0 } = event.detail.object;
    const run = async (memoryMb: number): Promise<void> => {
      const now = engine.find(id);
      if (now?.status === 'running')
        afterOther(
          () => engine.find(id),
          key,
          () => resume(now),
        );
      else if (now?.status === 'stale') options.onEnd(await engine.redrive(id, { memoryMb }));
    };
    scheduler.add({ key, bytes, run }).catch(reportTo(key));
  };
  // Before their files are found, which may be gone: AWS goes on with an execution all the same.
  for (const execution of known.unfinished()) resume(execution);

  const intake = new Intake(async (key) => {
    try {
      consider(await lake.raw.adopt(key));
    } catch (error) {
      options.onError(key, error);
    }
  });
  const add = (key: string, stats: Pick<Stats, 'size' | 'mtimeMs'>): void =>
    intake.add({ key, bytes: stats.size, written: stats.mtimeMs });
  /** The watcher waits for files to settle, but not for those that it finds when it begins. */
  const settle = (file: string, key: string, seen: Stats): void =>
    later(
      settledMs,
      async () => {
        const now = await unlessMissing(stat(file));
        if (now === undefined) return;
        if (now.size === seen.size && now.mtimeMs === seen.mtimeMs) add(key, now);
        else settle(file, key, now);
      },
      reportTo(key),
    );
  const ignored = new Set<string>();
  const take = (file: string, stats?: Stats): void => {
    const key = path.relative(raw, file).split(path.sep).join('/');
    const reason = ignoredBecause(key);
    if (reason !== undefined) {
      if (!ignored.has(key)) options.onIgnored(key, reason);
      ignored.add(key);
      return;
    }
    if (stats !== undefined && Date.now() - stats.mtimeMs < settledMs) settle(file, key, stats);
    else add(key, stats ?? { size: 0, mtimeMs: Date.now() });
  };

  const watcher = watchFolder(raw, {
    // The store's own folders.
    ignored: (file) => path.dirname(file) === raw && path.basename(file).startsWith('.'),
    // Else names that editors give are passed over.
    atomic: false,
    awaitWriteFinish: { stabilityThreshold: settledMs, pollInterval: Math.min(100, settledMs) },
  });
  watcher.on('add', take).on('change', take);
  const folders = new Set<string>();
  const unnamed = new UnreadableNames(raw, options.onError);
  // The name of a file is not text: the watcher cannot find it again, and says nothing.
  watcher.on('raw', (_event, name, details) => {
    if (!String(name).includes('\ufffd')) return;
    unnamed.reportIn(watchedFolderOf(details) ?? raw).catch(reportTo(''));
  });
  // A new folder is read first and watched then: a second look finds what arrived in between.
  const lookAgain = async (folder: string): Promise<void> => {
    await unnamed.reportIn(folder);
    const entries = (await unlessMissing(readdir(folder, { withFileTypes: true }))) ?? [];
    const missed = entries
      .map((entry) => ({ entry, file: path.join(folder, entry.name) }))
      .filter(({ entry, file }) => !entry.isDirectory() || !folders.has(file))
      .map(({ file }) => file);
    // What is watched already stays as it is. Adding to a closed watcher would open it again.
    if (!closed) watcher.add(missed);
  };
  watcher.on('addDir', (folder) => {
    folders.add(folder);
    later(settledMs, () => lookAgain(folder), reportTo(path.relative(raw, folder)));
  });
  watcher.on('unlinkDir', (folder) => folders.delete(folder));
  watcher.on('error', (error) => options.onError('', error));
  return {
    ready: new Promise((resolve) => watcher.once('ready', resolve)),
    load: () => {
      const { running, waiting, done } = scheduler.load;
      const { small, large } = intake.waiting;
      return { running, waiting: { small: waiting.small + small, large: waiting.large + large }, done };
    },
    close: async () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([scheduler.close(), intake.close(), watcher.close()]);
    },
  };
};

/** Finds the newest execution of a file's version. Remembers no more of each than its id. */
class VersionIndex {
  readonly #engine: Engine;
  readonly #seen = new Set<string>();
  readonly #ids = new Map<string, string>();
  readonly #unfinished = new Map<string, Execution>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.refresh();
  }

  /** Reads the logs that it has not seen yet. */
  refresh(): this {
    for (const id of this.#engine.log.ids()) {
      if (this.#seen.has(id)) continue;
      const execution = this.#engine.find(id);
      if (execution === undefined) continue;
      const { object } = execution.event.detail;
      const version = JSON.stringify([object.key, object['version-id']]);
      this.#seen.add(id);
      this.#ids.set(version, id);
      if (execution.status === 'stale' || execution.status === 'running')
        this.#unfinished.set(version, execution);
      else this.#unfinished.delete(version);
    }
    return this;
  }

  /** Those that had not ended when they were first seen, the oldest first. */
  unfinished(): Execution[] {
    return [...this.#unfinished.values()];
  }

  find({ key, versionId }: ObjectInfo): Execution | undefined {
    const id = this.#ids.get(JSON.stringify([key, versionId]));
    return id === undefined ? undefined : this.#engine.find(id);
  }
}
