import { z } from 'zod';
import { StorageUnavailable } from '../errors.ts';
import { lakePaths } from '../lake/paths.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';

/** Milliseconds since 1970 by `<zone>/<table>`. */
const Times = z.record(z.string(), z.number());

interface Known {
  zone: string;
  table: string;
}

const nameOf = ({ zone, table }: Known): string => `${zone}/${table}`;

/**
 * Remembers when the maintenance of each table was last begun, so that the table that has waited longest comes first: a run
 * that ends at its time limit would otherwise leave out the same tables each day. A time is noted when the work begins, so
 * that a table that takes all the time there is comes last in the next run.
 */
export class Turns {
  readonly #store: ObjectStore;
  readonly #times: Map<string, number>;

  private constructor(store: ObjectStore, times: Map<string, number>) {
    this.#store = store;
    this.#times = times;
  }

  /** Starts without memory where there is no note, or one that cannot be read: it decides nothing but the order. */
  static async read(store: ObjectStore): Promise<Turns> {
    const body = await store.read(lakePaths.turns);
    return new Turns(store, new Map(Object.entries(timesIn(body?.toString() ?? '{}'))));
  }

  /** The longest unmaintained first; those that never were before all others, in the given order. */
  order<Table extends Known>(tables: readonly Table[]): Table[] {
    const lastOf = (table: Table): number => this.#times.get(nameOf(table)) ?? 0;
    return tables.toSorted((a, b) => lastOf(a) - lastOf(b));
  }

  async begin(table: Known, now = Date.now()): Promise<void> {
    this.#times.set(nameOf(table), now);
    try {
      await this.#store.write(lakePaths.turns, JSON.stringify(Object.fromEntries(this.#times)));
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error;
    }
  }
}

const timesIn = (text: string): z.infer<typeof Times> => {
  try {
    return Times.parse(JSON.parse(text));
  } catch {
    return {};
  }
};
