import { createHash } from 'node:crypto';
import type { Partition } from '../partition-names.ts';

/** Bytes of an encoded name or value, and of a file's whole folder. A key of S3 has at most 1,024. */
const MAX_BYTES = { part: 100, folder: 600 };

/**
 * The folder of a partition's files: `country=FR/ts_day=2024-02-29`; empty without partitions. It is safe as a key and as
 * a path for any values. A folder that would be too long is shortened, and ends in a hash.
 *
 * Only people read it. Two partitions may share a folder (NULL and the text `null`; `a` and `A` on a file system that
 * ignores case), so the names of files must be unique.
 */
export const partitionFolder = (partition: Partition): string => {
  const folder = Object.entries(partition)
    .map(([name, value]) => `${encode(name)}=${encode(value ?? 'null')}`)
    .join('/');
  return folder.length <= MAX_BYTES.folder ? folder : hashOf(folder);
};

/** Percent-encoded UTF-8. It is cut between whole characters only, since some readers decode folders' names. */
const encode = (text: string): string => {
  const parts = Array.from(text.slice(0, MAX_BYTES.part + 1), (character, at) =>
    // A leading dot would hide the file from a folder's listing.
    SAFE.test(character) && !(character === '.' && at === 0) ? character : percentEncoded(character),
  );
  const whole = parts.join('');
  if (whole.length <= MAX_BYTES.part) return whole;
  const hash = `~${hashOf(text)}`;
  while (parts.join('').length > MAX_BYTES.part - hash.length) parts.pop();
  return parts.join('') + hash;
};

const SAFE = /^[A-Za-z0-9_.-]$/;

const percentEncoded = (character: string): string =>
  Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&');

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
