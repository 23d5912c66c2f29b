import { inParallel } from '../base/in-parallel.ts';
import { DAY_MS } from '../base/time.ts';
import { MAX_KEYS_REMOVED, type ObjectStore } from '../lake/storage/object-store.ts';
import type { TableReport } from './maintenance-report.ts';

/** Whether the key is one that Quarantine assigns: rows or a report. */
const isOurs = (key: string): boolean => /^[^/]+\/(rows|reports)\/[^/]+$/.test(key);

/**
 * Removes refused rows and reports that were written more than `days` ago, of runs that stand too. The run records stay.
 *
 * An object that a repeated run writes again meanwhile is kept: its age is looked at again right before it is removed.
 *
 * @returns what was removed from each dataset's folder; in a dry run, what would be
 */
export const expireQuarantine = async (
  store: ObjectStore,
  { days, dryRun = false, now = Date.now() }: { days: number; dryRun?: boolean; now?: number },
): Promise<TableReport[]> => {
  const isOld = ({ lastModified }: { lastModified: Date }): boolean =>
    lastModified.getTime() < now - days * DAY_MS;
  const removed = new Map<string, { objects: number; bytes: number }>();
  const remove = async (keys: readonly string[]): Promise<void> => {
    const found = await inParallel(keys, (key) => store.head(key));
    const old = found.filter((object) => object !== undefined).filter(isOld);
    if (!dryRun) await store.removeMany(old.map(({ key }) => key));
    for (const { key, size } of old) {
      const [folder = ''] = key.split('/');
      const { objects, bytes } = removed.get(folder) ?? { objects: 0, bytes: 0 };
      removed.set(folder, { objects: objects + 1, bytes: bytes + size });
    }
  };
  let batch: string[] = [];
  for await (const object of store.list('')) {
    if (!isOurs(object.key) || !isOld(object)) continue;
    batch.push(object.key);
    if (batch.length < MAX_KEYS_REMOVED) continue;
    await remove(batch);
    batch = [];
  }
  if (batch.length > 0) await remove(batch);
  return [...removed].map(([table, { objects, bytes }]) => ({
    zone: 'quarantine',
    table,
    objects_expired: objects,
    bytes_freed: bytes,
  }));
};
