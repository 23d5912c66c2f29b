import type { StoredRunRecord } from '../run/run-record.ts';
import { comparePlaces, type Place, placeOf } from './run-filter.ts';

/** The latest of any number of records: one per run, and of each run the last. */
export class LatestRuns {
  /** The number of records that are kept. */
  readonly most: number;
  #sorted: { place: Place; record: StoredRunRecord }[] = [];

  constructor(most: number) {
    this.most = most;
  }

  get isFull(): boolean {
    return this.#sorted.length >= this.most;
  }

  /** How many more there is room for. */
  get missing(): number {
    return this.most - this.#sorted.length;
  }

  /** The place of the last record; undefined while there is room for later ones. */
  get last(): Place | undefined {
    return this.isFull ? this.#sorted.at(-1)?.place : undefined;
  }

  add(record: StoredRunRecord): void {
    const place = placeOf(record);
    const { last } = this;
    if (last !== undefined && comparePlaces(place, last) > 0) return;
    const twin = this.#sorted.findIndex((each) => each.place.runId === place.runId);
    if (twin >= 0) {
      const known = this.#sorted[twin]?.place;
      if (known !== undefined && known.finishedAt >= place.finishedAt) return;
      this.#sorted.splice(twin, 1);
    }
    const at = this.#sorted.findIndex((each) => comparePlaces(place, each.place) < 0);
    this.#sorted.splice(at < 0 ? this.#sorted.length : at, 0, { place, record });
    this.#sorted.length = Math.min(this.#sorted.length, this.most);
  }

  inOrder(): StoredRunRecord[] {
    return this.#sorted.map(({ record }) => record);
  }
}
