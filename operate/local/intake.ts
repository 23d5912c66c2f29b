import { setImmediate } from 'node:timers/promises';
import type { FileState } from '../../shared/lake/storage/still-file.ts';
import { SIZE_CLASSES, type SizeClass } from '../queue.ts';
import { sizeClassOf } from './shares.ts';

/** A file that was dropped, as it was when it was judged complete. */
export interface Arrival extends FileState {
  key: string;
}

/** Files on their way in, one after the other. */
interface Lane {
  waiting: Map<string, Arrival>;
  taking: string | undefined;
  /** Settles when the lane is empty; undefined when it is. */
  emptied: Promise<void> | undefined;
}

const emptyLane = (): Lane => ({ waiting: new Map(), taking: undefined, emptied: undefined });

/**
 * Takes files in the order in which they were written, in whatever order they are reported. So each file gets its
 * version, and with it its place among all others, before any of them is processed. Taking a file copies it: large files
 * have a lane of their own. A file that is reported again while it waits is taken once.
 */
export class Intake {
  readonly #lanes: Record<SizeClass, Lane> = { small: emptyLane(), large: emptyLane() };
  readonly #take: (arrival: Arrival) => Promise<void>;
  #closed = false;

  /** @param take must not reject */
  constructor(take: (arrival: Arrival) => Promise<void>) {
    this.#take = take;
  }

  get waiting(): Record<SizeClass, number> {
    const inLane = ({ waiting, taking }: Lane): number => waiting.size + (taking === undefined ? 0 : 1);
    return { small: inLane(this.#lanes.small), large: inLane(this.#lanes.large) };
  }

  add(arrival: Arrival): void {
    if (this.#closed) return;
    const { key, bytes } = arrival;
    // A file that was large and is small now stays in the lane in which its earlier content waits.
    const size = SIZE_CLASSES.find((each) => this.#holds(this.#lanes[each], key)) ?? sizeClassOf(key, bytes);
    const lane = this.#lanes[size];
    lane.waiting.set(key, arrival);
    lane.emptied ??= this.#empty(lane);
  }

  /** Takes no more files, and waits for those that are being taken. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(SIZE_CLASSES.map((size) => this.#lanes[size].emptied));
  }

  #holds({ waiting, taking }: Lane, key: string): boolean {
    return waiting.has(key) || taking === key;
  }

  async #empty(lane: Lane): Promise<void> {
    // Files that are reported within one turn of the event loop arrived together.
    await setImmediate();
    while (lane.waiting.size > 0 && !this.#closed) {
      const batch = [...lane.waiting.values()].toSorted(
        (a, b) => a.written - b.written || (a.key < b.key ? -1 : 1),
      );
      for (const { key } of batch) {
        // Reported again since the batch began: what was judged last counts.
        const arrival = lane.waiting.get(key);
        if (this.#closed) break;
        if (arrival === undefined) continue;
        lane.waiting.delete(key);
        lane.taking = key;
        await this.#take(arrival);
        lane.taking = undefined;
      }
    }
    lane.emptied = undefined;
  }
}
