import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { unlessMissing } from '../../base/files.ts';
import { inUtf8Order, isHidden, isPathSafe } from './key-path.ts';

/**
 * The keys of a folder's files that begin with a prefix, in the order of their UTF-8 bytes. Folders are sorted with their
 * slash, as their keys sort: `a-b` comes before `a/b`.
 */
export async function* folderKeys(root: string, prefix: string, folder = ''): AsyncIterable<string> {
  const entries = await unlessMissing(readdir(path.join(root, folder), { withFileTypes: true }));
  const keys = (entries ?? [])
    .filter((entry) => isPathSafe(entry.name) && !isHidden(entry.name))
    .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .sort(inUtf8Order);
  for (const key of keys) {
    if (key.endsWith('/')) {
      if (key.startsWith(prefix) || prefix.startsWith(key)) yield* folderKeys(root, prefix, key);
    } else if (key.startsWith(prefix)) yield key;
  }
}
