/** Entries of one cache. */
const MAX_ENTRIES = 256;

/**
 * Caches parsed texts (contracts, models) between invocations of one process. The key must contain everything that the
 * value was made from, so that an entry is never out of date. Values are frozen, so that no invocation can change what
 * the next one sees.
 */
export class LruCache<T extends object> {
  /** In the order of use, the least recently used first. */
  readonly #values = new Map<string, T>();
  readonly #frozen: boolean;

  /** @param options `frozen: false` for values that hold no data of their own, such as compiled code */
  constructor({ frozen = true } = {}) {
    this.#frozen = frozen;
  }

  get(key: string): T | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: T): T {
    this.#values.delete(key);
    this.#values.set(key, this.#frozen ? freeze(value) : value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > MAX_ENTRIES && oldest !== undefined) this.#values.delete(oldest);
    return value;
  }
}

/** Freezes a value and all objects and lists inside it. */
const freeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
  return value;
};
