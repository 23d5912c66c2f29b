import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type FSWatcher, watch as watchFolder } from 'chokidar';
import { unlessMissing } from '../../shared/base/files.ts';
import { ignoredBecause } from '../../shared/run/ignored-key.ts';
import type { Arrival } from './intake.ts';
import type { Timers } from './timers.ts';
import { UnreadableNames, watchedFolderOf } from './unreadable-names.ts';

export interface RawWatcherOptions {
  /** The folder of the raw zone. */
  raw: string;
  /** A file that did not grow for this many milliseconds is complete. */
  settledMs: number;
  timers: Timers;
  /** Called for every complete file, those included that lie in the folder at the start. */
  onFile(arrival: Arrival): void;
  /** Called once for each file that is not processed because its name says that it holds no data. */
  onIgnored(key: string, reason: string): void;
  /** @param key of the file or the folder below raw; empty where the error concerns none */
  onError(key: string, error: unknown): void;
}

/** Reports complete files in a folder and all folders below it. */
export class RawWatcher {
  /** Resolves once the folder is watched; the files in it have been reported then. */
  readonly ready: Promise<void>;
  readonly #options: RawWatcherOptions;
  readonly #watcher: FSWatcher;
  readonly #folders = new Set<string>();
  readonly #ignored = new Set<string>();
  readonly #unreadable: UnreadableNames;

  constructor(options: RawWatcherOptions) {
    this.#options = options;
    const { raw, settledMs } = options;
    this.#unreadable = new UnreadableNames(raw, options.onError);
    this.#watcher = watchFolder(raw, {
      // The store's own folders.
      ignored: (file) => path.dirname(file) === raw && path.basename(file).startsWith('.'),
      // With `atomic` the watcher skips names that editors give, such as `export.csv~`.
      atomic: false,
      awaitWriteFinish: { stabilityThreshold: settledMs, pollInterval: Math.min(100, settledMs) },
    });
    const onFile = (file: string, stats?: Stats): void => this.#seen(file, stats);
    this.#watcher.on('add', onFile).on('change', onFile);
    this.#watcher.on('addDir', (folder) => this.#folderAdded(folder));
    this.#watcher.on('unlinkDir', (folder) => this.#folders.delete(folder));
    // A name that is not UTF-8 reads as another text: the watcher cannot find the file again, and says nothing.
    this.#watcher.on('raw', (_event, name, details) => {
      if (!String(name).includes('\ufffd')) return;
      this.#unreadable
        .reportIn(watchedFolderOf(details) ?? raw)
        .catch((error: unknown) => options.onError('', error));
    });
    this.#watcher.on('error', (error) => options.onError('', error));
    this.ready = new Promise((resolve) => this.#watcher.once('ready', resolve));
  }

  async close(): Promise<void> {
    await this.#watcher.close();
  }

  /** Reports a file again once it has not been written for a while; not at all when it is gone by then. */
  settle(key: string): void {
    this.#settle(path.join(this.#options.raw, key));
  }

  /** The watcher waits for files to settle, except for those that it finds at its start. */
  #seen(file: string, stats?: Stats): void {
    if (this.#isIgnored(file)) return;
    if (stats === undefined || Date.now() - stats.mtimeMs < this.#options.settledMs)
      this.#settle(file, stats);
    else this.#report(file, stats);
  }

  #settle(file: string, seen?: Stats): void {
    const { timers, settledMs, onError } = this.#options;
    const look = async (): Promise<void> => {
      const now = await unlessMissing(stat(file));
      if (now === undefined) return;
      if (now.size === seen?.size && now.mtimeMs === seen.mtimeMs) this.#report(file, now);
      else this.#settle(file, now);
    };
    timers.later(settledMs, look, (error) => onError(this.#keyOf(file), error));
  }

  #report(file: string, { size, mtimeMs }: Pick<Stats, 'size' | 'mtimeMs'>): void {
    this.#options.onFile({ key: this.#keyOf(file), bytes: size, written: mtimeMs });
  }

  #isIgnored(file: string): boolean {
    const key = this.#keyOf(file);
    const reason = ignoredBecause(key);
    if (reason === undefined) return false;
    if (!this.#ignored.has(key)) this.#options.onIgnored(key, reason);
    this.#ignored.add(key);
    return true;
  }

  #folderAdded(folder: string): void {
    const { raw, timers, settledMs, onError } = this.#options;
    this.#folders.add(folder);
    timers.later(
      settledMs,
      () => this.#lookAgain(folder),
      (error) => onError(path.relative(raw, folder), error),
    );
  }

  /** The watcher reads a new folder before it watches it: a second look finds files that arrived in between. */
  async #lookAgain(folder: string): Promise<void> {
    await this.#unreadable.reportIn(folder);
    const entries = (await unlessMissing(readdir(folder, { withFileTypes: true }))) ?? [];
    const missed = entries
      .map((entry) => ({ entry, file: path.join(folder, entry.name) }))
      .filter(({ entry, file }) => !entry.isDirectory() || !this.#folders.has(file))
      .map(({ file }) => file);
    // Files that are watched already are not reported twice. A closed watcher would open again.
    if (!this.#options.timers.closed) this.#watcher.add(missed);
  }

  #keyOf(file: string): string {
    return path.relative(this.#options.raw, file).split(path.sep).join('/');
  }
}
