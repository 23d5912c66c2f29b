import type { ObjectStore } from '../../shared/storage/object-store.ts';

/** As long as AWS lets an execution be redriven; the deployed buckets expire staged objects after it too. */
const REDRIVE_WINDOW_MS = 14 * 24 * 60 * 60 * 1000;

/** Removes what runs staged in silver and no redrive can need any more. Returns how many objects went. */
export const expireStaging = async (silver: ObjectStore, now = Date.now()): Promise<number> => {
  const expired: string[] = [];
  for await (const { key, lastModified } of silver.list('_staging/'))
    if (now - lastModified.getTime() > REDRIVE_WINDOW_MS) expired.push(key);
  for (const key of expired) await silver.remove(key);
  return expired.length;
};
