import { types } from 'node:util';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { Damage } from '../bytes/damage.ts';
import { unsnap } from '../bytes/snappy.ts';
import { deltaSum } from './delta-lengths.ts';
import type { Struct } from './thrift.ts';

/** DuckDB decodes all texts of such a page at once. Writers make pages of 1 MiB, or 20,000 values. */
export const MAX_PAGE_TEXT_BYTES = 256 * 1024 * 1024;

/** Each text as what it shares with the one before it, and the rest. */
const DELTA_BYTE_ARRAY = 7;

/** How deep a column's values are nested. */
export interface Levels {
  repetition: number;
  definition: number;
}

/** Whether a page's header names the encoding in which a few bytes may stand for texts of any length. */
export const isDeltaText = (header: Struct): boolean =>
  [header.get(5)?.fields?.get(2), header.get(8)?.fields?.get(4)].some(
    (each) => each?.number === DELTA_BYTE_ARRAY,
  );

/**
 * Bytes of all texts of a page, or more than the limit; undefined where they cannot be told: DuckDB says what is wrong.
 *
 * @param page the bytes behind the header
 */
export const textBytes = (
  header: Struct,
  page: Buffer,
  codec: string,
  levels: Levels,
): number | undefined => {
  const second = header.get(8)?.fields;
  const apart = second === undefined ? 0 : (second.get(5)?.number ?? 0) + (second.get(6)?.number ?? 0);
  const packed = second?.get(7)?.number !== 0;
  const data = packed ? unpacked(page.subarray(apart), codec) : page.subarray(apart);
  if (data === undefined) return undefined;
  const start = second === undefined ? behindLevels(data, levels) : 0;
  const shared = deltaSum(data, start, MAX_PAGE_TEXT_BYTES);
  if (shared === undefined || shared.sum > MAX_PAGE_TEXT_BYTES) return shared?.sum;
  const rest = deltaSum(data, shared.end, MAX_PAGE_TEXT_BYTES);
  return rest === undefined ? undefined : shared.sum + rest.sum;
};

/** In pages of the first version, the levels stand before the values, each kind after its length. */
const behindLevels = (data: Buffer, { repetition, definition }: Levels): number => {
  let at = 0;
  for (const level of [repetition, definition])
    if (level > 0 && at + 4 <= data.length) at += 4 + data.readUInt32LE(at);
  return at;
};

const UNPACK: Readonly<Record<string, (bytes: Buffer) => Buffer | undefined>> = {
  UNCOMPRESSED: (bytes) => bytes,
  SNAPPY: (bytes) => unsnap(bytes, MAX_PAGE_TEXT_BYTES),
  GZIP: (bytes) => gunzipSync(bytes, { maxOutputLength: MAX_PAGE_TEXT_BYTES }),
  ZSTD: (bytes) => zstdDecompressSync(bytes, { maxOutputLength: MAX_PAGE_TEXT_BYTES }),
  BROTLI: (bytes) => brotliDecompressSync(bytes, { maxOutputLength: MAX_PAGE_TEXT_BYTES }),
};

const unpacked = (bytes: Buffer, codec: string): Buffer | undefined => {
  try {
    return UNPACK[codec]?.(bytes);
  } catch (error) {
    const code = types.isNativeError(error) && 'code' in error ? String(error.code) : '';
    if (error instanceof Damage || /^(Z_|ZSTD_|ERR_)/.test(code)) return undefined;
    throw error;
  }
};
