/** So many contracts, and as many models, are remembered. */
const MAX_ENTRIES = 256;

/**
 * What was made of texts that were without mistakes, for the next invocation of the same process. The key holds all
 * that it was made of, so what is remembered is never out of date; and it is frozen, so that no invocation can leave
 * something in it for another.
 */
export class LruCache<T extends object> {
  /** The least recently used first. */
  readonly #values = new Map<string, T>();

  get(key: string): T | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: T): T {
    this.#values.delete(key);
    this.#values.set(key, frozen(value));
    const [oldest] = this.#values.keys();
    if (this.#values.size > MAX_ENTRIES && oldest !== undefined) this.#values.delete(oldest);
    return value;
  }
}

/** Freezes objects and lists all the way down. */
const frozen = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) frozen(inner);
  return value;
};
