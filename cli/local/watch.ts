import type { Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { watch as watchFolder } from 'chokidar';
import { unlessMissing } from '../../shared/storage/files.ts';
import type { ObjectInfo } from '../../shared/storage/object-store.ts';
import type { Engine } from './engine.ts';
import type { Execution } from './execution.ts';
import { Intake } from './intake.ts';
import { type LocalLake, objectCreatedEvent } from './lake.ts';
import { type Load, Scheduler } from './scheduler.ts';
import type { Shares } from './shares.ts';

export interface WatchOptions {
  lakeFolder: string;
  lake: LocalLake;
  engine: Engine;
  /** What is processed at a time, and what of the machine it may take. */
  shares: Shares;
  /** A file that did not grow for so long is complete, in milliseconds. */
  settledMs?: number;
  onEnd(execution: Execution): void;
  /** An execution of the file failed earlier: it waits for a person to redrive it. */
  onFailedEarlier(execution: Execution): void;
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

const isHidden = (name: string): boolean => path.basename(name).startsWith('.');

/**
 * Processes what is dropped into raw, and what was dropped while nobody looked. A version that has an execution
 * gets no other; one whose process died is resumed, as AWS would have gone on with it.
 */
export const watchRaw = (options: WatchOptions): Watch => {
  const { lakeFolder, lake, engine, settledMs = 2_000 } = options;
  const raw = path.join(lakeFolder, 'raw');
  const known = new VersionIndex(engine);
  const scheduler = new Scheduler(options.shares);

  const process = async (version: ObjectInfo, memoryMb: number): Promise<void> => {
    // Another process may have had the file while it waited here.
    const earlier = known.refresh().find(version);
    if (earlier?.status === 'failed') options.onFailedEarlier(earlier);
    else if (earlier?.status === 'stale') options.onEnd(await engine.redrive(earlier.id, { memoryMb }));
    else if (earlier === undefined)
      options.onEnd(await engine.run(objectCreatedEvent(lake.raw.name, version), { memoryMb }));
  };
  const intake = new Intake(async (key) => {
    const report = (error: unknown): void => options.onError(key, error);
    try {
      const version = await lake.raw.adopt(key);
      const earlier = known.find(version);
      if (earlier?.status === 'failed') options.onFailedEarlier(earlier);
      else if (earlier === undefined || earlier.status === 'stale')
        scheduler
          .add({ key, bytes: version.size, run: (memoryMb) => process(version, memoryMb) })
          .catch(report);
    } catch (error) {
      report(error);
    }
  });
  const take = (file: string, stats?: Stats): void => {
    const key = path.relative(raw, file).split(path.sep).join('/');
    intake.add({ key, bytes: stats?.size ?? 0, written: stats?.mtimeMs ?? Date.now() });
  };

  const watcher = watchFolder(raw, {
    ignored: (file) => file !== raw && isHidden(file),
    awaitWriteFinish: { stabilityThreshold: settledMs, pollInterval: Math.min(100, settledMs) },
  });
  watcher.on('add', take).on('change', take);
  const folders = new Set<string>();
  const looks = new Set<NodeJS.Timeout>();
  let closed = false;
  // A new folder is read first and watched then: a second look finds what arrived in between.
  const lookAgain = async (folder: string): Promise<void> => {
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
    const look = setTimeout(() => {
      looks.delete(look);
      lookAgain(folder).catch((error: unknown) => options.onError(path.relative(raw, folder), error));
    }, settledMs);
    looks.add(look);
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
      for (const look of looks) clearTimeout(look);
      await Promise.all([scheduler.close(), intake.close(), watcher.close()]);
    },
  };
};

/** Finds the newest execution of a file's version. Remembers no more of each than its id. */
class VersionIndex {
  readonly #engine: Engine;
  readonly #seen = new Set<string>();
  readonly #ids = new Map<string, string>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.refresh();
  }

  /** Reads the logs that it has not seen yet. */
  refresh(): this {
    for (const id of this.#engine.log.ids()) {
      if (this.#seen.has(id)) continue;
      const { object } = this.#engine.find(id)?.event.detail ?? {};
      if (object === undefined) continue;
      this.#seen.add(id);
      this.#ids.set(JSON.stringify([object.key, object['version-id']]), id);
    }
    return this;
  }

  find({ key, versionId }: ObjectInfo): Execution | undefined {
    const id = this.#ids.get(JSON.stringify([key, versionId]));
    return id === undefined ? undefined : this.#engine.find(id);
  }
}
