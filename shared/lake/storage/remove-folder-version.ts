import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { copyWithTime, fileStats, moveTo } from '../../base/files.ts';
import type { FolderVersions } from './folder-versions.ts';
import type { VersionName } from './object-store.ts';
import { withUnfinishedFile } from './unfinished-file.ts';

/**
 * Removes one version of a file for good. Where the file shows it, the file goes first, since a file without its version would
 * count as new; then it shows the version before.
 *
 * @param target the path of the key's file
 */
export const removeFolderVersion = async (
  { root, versions }: { root: string; versions: FolderVersions },
  target: string,
  { key, versionId }: VersionName,
): Promise<void> => {
  const file = await fileStats(target);
  const isShown = file !== undefined && (await versions.holding(key, file))?.versionId === versionId;
  if (isShown) await rm(target, { force: true });
  await versions.remove(key, versionId);
  const before = isShown ? await versions.latest(key) : undefined;
  if (before === undefined) return;
  await mkdir(path.dirname(target), { recursive: true });
  await withUnfinishedFile(root, async (copy) => {
    await copyWithTime(versions.path(key, before), copy);
    await moveTo(target, copy);
  });
};
