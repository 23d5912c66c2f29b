import pLimit from 'p-limit';

/** How many objects are asked for at once. */
const PARALLEL = 8;

/**
 * Results in the order of the items. Once one fails, no further one is begun.
 *
 * @param most at once
 */
export const inParallel = async <T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  most = PARALLEL,
): Promise<R[]> => {
  const limit = pLimit(most);
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
