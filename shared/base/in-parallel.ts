import pLimit from 'p-limit';

/** Requests to a store under way at a time. */
const MAX_PARALLEL = 8;

/**
 * Runs work on all items and returns the results in the items' order. After a failure it starts no further item.
 *
 * @param max items under way at a time
 */
export const inParallel = async <T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  max = MAX_PARALLEL,
): Promise<R[]> => {
  const limit = pLimit(max);
  try {
    return await Promise.all(items.map((item) => limit(() => work(item))));
  } catch (error) {
    limit.clearQueue();
    throw error;
  }
};

/** The items in their order, in batches of a size. */
export const batchesOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
