import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { unlessMissing } from '../../base/files.ts';
import { inUtf8Order, isHidden, isPathSafe } from './key-path.ts';

/**
 * The keys of a folder's files that begin with a prefix and come behind a key, in the order of their UTF-8 bytes. Folders are sorted with their
 * slash, as their keys sort: `a-b` comes before `a/b`.
 */
export async function* folderKeys(
  root: string,
  wanted: { prefix: string; after?: string | undefined },
  folder = '',
): AsyncIterable<string> {
  const { prefix, after = '' } = wanted;
  const entries = await unlessMissing(readdir(path.join(root, folder), { withFileTypes: true }));
  const keys = (entries ?? [])
    .filter((entry) => isPathSafe(entry.name) && !isHidden(entry.name))
    .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .sort(inUtf8Order);
  for (const key of keys) {
    if (key.endsWith('/')) {
      if (key.startsWith(prefix) || prefix.startsWith(key)) yield* folderKeys(root, wanted, key);
    } else if (key.startsWith(prefix) && inUtf8Order(key, after) > 0) yield key;
  }
}
