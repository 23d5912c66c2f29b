import pLimit from 'p-limit';

/** How many objects are asked for at once. */
const MAX_PARALLEL = 8;

/**
 * Results in the order of the items. Once one fails, no further one is begun.
 *
 * @param max at once
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
