import type { BigIntStats } from 'node:fs';
import { rename } from 'node:fs/promises';
import { fileStats, linkUnlessTaken, unlessMissing } from '../../base/files.ts';
import type { FolderVersions } from './folder-versions.ts';
import { withUnfinishedFile } from './unfinished-file.ts';

/** The etag of a file that is no kept version. */
export const etagOf = ({ mtimeNs, size }: Pick<BigIntStats, 'mtimeNs' | 'size'>): string =>
  `${mtimeNs.toString(16)}-${size.toString(16)}`;

/**
 * Removes a file of a folder if it has the etag, and says whether it has. The file is taken out of the way first: another
 * that is dropped meanwhile stays.
 */
export const removeIfSame = (
  root: string,
  target: string,
  { key, etag, versions }: { key: string; etag: string; versions: FolderVersions | undefined },
): Promise<boolean> =>
  withUnfinishedFile(root, async (taken) => {
    if ((await unlessMissing(rename(target, taken).then(() => true))) === undefined) return false;
    const stats = await fileStats(taken);
    const kept = stats && (await versions?.holding(key, stats));
    if (stats !== undefined && (kept?.etag ?? etagOf(stats)) !== etag) {
      await linkUnlessTaken(taken, target);
      return false;
    }
    if (kept?.versionId !== undefined) await versions?.release(key, kept.versionId);
    return true;
  });
