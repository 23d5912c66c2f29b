import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Workspace } from '../../cli/session.ts';
import { unlessMissing } from '../../shared/base/files.ts';
import { DAY_MS } from '../../shared/base/time.ts';
import { removeLeftovers } from '../../shared/engine/scratch.ts';
import { ZONES } from '../../shared/lake/paths.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { UNFINISHED } from '../../shared/lake/storage/unfinished-file.ts';

/** As long as AWS lets an execution be redriven; the deployed buckets expire staged objects after it too. */
const REDRIVE_WINDOW_MS = 14 * DAY_MS;

/** Removes what runs staged in silver and no redrive can need any more. Returns how many objects went. */
export const expireStaging = async (silver: ObjectStore, now = Date.now()): Promise<number> => {
  const expired: string[] = [];
  for await (const { key, lastModified } of silver.list('_staging/'))
    if (now - lastModified.getTime() > REDRIVE_WINDOW_MS) expired.push(key);
  for (const key of expired) await silver.remove(key);
  return expired.length;
};

/** Removes what processes have left that are gone: what they staged long ago, scratch folders, and files half copied. */
export const tidyUp = async ({ lakeFolder, lake, config }: Workspace): Promise<void> => {
  await expireStaging(lake.silver);
  // Whether a process lives is not known of those in containers that share the folder: no work takes a day.
  await removeLeftovers(config.scratchRoot, DAY_MS);
  for (const zone of ZONES) {
    const folder = path.join(lakeFolder, zone, UNFINISHED);
    for (const name of (await unlessMissing(readdir(folder))) ?? []) {
      const copy = path.join(folder, name);
      const stats = await unlessMissing(stat(copy));
      if (stats !== undefined && Date.now() - stats.ctimeMs > DAY_MS) await rm(copy, { force: true });
    }
  }
};
