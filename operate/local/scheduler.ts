import type { Load, SizeClass } from '../queue.ts';
import { type Shares, sizeClassOf } from './shares.ts';

/** One file to process. */
export interface Job<T> {
  key: string;
  bytes: number;
  /** @param memoryMb the memory that each of its steps may use */
  run(memoryMb: number): Promise<T>;
}

/** The number of times that others may overtake the oldest large file. */
const MAX_OVERTAKEN = 10;

interface Waiting {
  key: string;
  bytes: number;
  size: SizeClass;
  start(): Promise<void>;
}

/**
 * Decides which file is next. Small files go in their order, and never wait for a large one to end: large files have one
 * slot while small files wait, else `Shares.large` slots. The smallest large file goes first, and none is overtaken
 * forever. Files of the same key run one after the other, in their order.
 */
export class Scheduler {
  readonly #shares: Shares;
  readonly #ready: Record<SizeClass, Waiting[]> = { small: [], large: [] };
  readonly #running: Record<SizeClass, number> = { small: 0, large: 0 };
  /** Files that wait for another one of their key, by key; an entry exists as long as one is ready or runs. */
  readonly #behind = new Map<string, Waiting[]>();
  readonly #active = new Set<Promise<void>>();
  #closed = false;
  #overtaken = 0;
  #done = 0;

  constructor(shares: Shares) {
    this.#shares = shares;
  }

  get load(): Load {
    const waiting = { small: this.#ready.small.length, large: this.#ready.large.length };
    for (const files of this.#behind.values()) for (const { size } of files) waiting[size] += 1;
    return { running: { ...this.#running }, waiting, done: this.#done };
  }

  /** Settles as the job does. Never settles when the scheduler is closed before the job has begun. */
  add<T>({ key, bytes, run }: Job<T>): Promise<T> {
    const size = sizeClassOf(key, bytes);
    return new Promise((resolve, reject) => {
      if (this.#closed) return;
      const start = async (): Promise<void> => {
        try {
          resolve(await run(this.#shares.memoryMb[size]));
        } catch (error) {
          reject(error);
        }
      };
      const file: Waiting = { key, bytes, size, start };
      const behind = this.#behind.get(key);
      if (behind === undefined) {
        this.#behind.set(key, []);
        this.#ready[size].push(file);
      } else behind.push(file);
      this.#startReady();
    });
  }

  /** Drops the files that wait, and waits for those that run. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#ready.small = [];
    this.#ready.large = [];
    this.#behind.clear();
    await Promise.all(this.#active);
  }

  #startReady(): void {
    for (let file = this.#next(); file !== undefined; file = this.#next()) {
      const active = this.#run(file);
      this.#active.add(active);
      void active.finally(() => this.#active.delete(active));
    }
  }

  async #run(file: Waiting): Promise<void> {
    this.#running[file.size] += 1;
    await file.start();
    this.#running[file.size] -= 1;
    this.#done += 1;
    const behind = this.#behind.get(file.key);
    const next = behind?.shift();
    if (next === undefined) this.#behind.delete(file.key);
    else this.#ready[next.size].push(next);
    this.#startReady();
  }

  #next(): Waiting | undefined {
    const { concurrency, large: maxLarge } = this.#shares;
    const { small, large } = this.#running;
    if (small + large >= concurrency) return undefined;
    const smallWaits = this.#ready.small.length > 0;
    if (this.#ready.large.length === 0) return this.#ready.small.shift();
    if (concurrency === 1 && smallWaits && this.#overtaken < MAX_OVERTAKEN) {
      this.#overtaken += 1;
      return this.#ready.small.shift();
    }
    return large < (smallWaits ? 1 : maxLarge) ? this.#nextLarge() : this.#ready.small.shift();
  }

  #nextLarge(): Waiting | undefined {
    const files = this.#ready.large;
    const smallest = files.reduce((best, { bytes }, i) => (bytes < (files[best]?.bytes ?? 0) ? i : best), 0);
    const chosen = this.#overtaken < MAX_OVERTAKEN ? smallest : 0;
    this.#overtaken = chosen === 0 ? 0 : this.#overtaken + 1;
    return files.splice(chosen, 1)[0];
  }
}
