import { createHash } from 'node:crypto';
import type { Partition } from '../partition-names.ts';

/** Bytes of an encoded name or value, and of all folders of a file together: a key of S3 has 1,024. */
const MAX_BYTES = { part: 100, folder: 600 };

/**
 * Where the files of a partition lie: `country=FR/ts_day=2024-02-29`; an empty text without partitions. Safe as a
 * key and as a path whatever the values hold, and never too long: what would be is cut, and told apart by a hash.
 *
 * For people's eyes only: two partitions may share a folder (NULL and the text `null`; `a` and `A` where the file
 * system does not tell case apart), so files need names of their own.
 */
export const partitionFolder = (partition: Partition): string => {
  const folder = Object.entries(partition)
    .map(([name, value]) => `${encoded(name)}=${encoded(value ?? 'null')}`)
    .join('/');
  return folder.length <= MAX_BYTES.folder ? folder : hashOf(folder);
};

/** Percent-encoded UTF-8, of whole characters: some readers decode folders' names. */
const encoded = (text: string): string => {
  const parts = Array.from(text.slice(0, MAX_BYTES.part + 1), (character, at) =>
    // A dot in front would hide the file from a folder's listing.
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
