import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { unlessMissing } from '../../shared/base/files.ts';
import { DAY_MS } from '../../shared/base/time.ts';
import { removeLeftovers } from '../../shared/engine/scratch.ts';
import { ZONES } from '../../shared/lake/paths.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { UNFINISHED } from '../../shared/lake/storage/unfinished-file.ts';
import type { Workspace } from './workspace.ts';

/** AWS accepts redrives for this long; the deployed buckets expire staged objects after the same time. */
const REDRIVE_WINDOW_MS = 14 * DAY_MS;

/** Removes staged objects that no redrive can need any more. Returns their number. */
export const expireStaging = async (silver: ObjectStore, now = Date.now()): Promise<number> => {
  const expired: string[] = [];
  for await (const { key, lastModified } of silver.list('_staging/'))
    if (now - lastModified.getTime() > REDRIVE_WINDOW_MS) expired.push(key);
  for (const key of expired) await silver.remove(key);
  return expired.length;
};

/** Removes leftovers of dead processes: expired staged objects, scratch folders, and half copied files. */
export const tidyUp = async ({
  lakeFolder,
  lake,
  config,
}: Pick<Workspace, 'lakeFolder' | 'lake' | 'config'>): Promise<void> => {
  await expireStaging(lake.silver);
  // A process in another container that shares the folder cannot be seen. No work takes a day.
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
