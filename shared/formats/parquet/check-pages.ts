import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { literal } from '../../engine/sql.ts';
import { UnreadableFile } from '../../errors.ts';
import type { Queryable } from '../records/opened-records.ts';
import { isDeltaText, type Levels, MAX_PAGE_TEXT_BYTES, textBytes } from './check-texts.ts';
import { levelsOf } from './columns.ts';
import { type Struct, ThriftReader } from './thrift.ts';

/** The values of one column in one row group. */
interface Chunk {
  column: string;
  codec: string;
  levels: Levels;
  /** Where its first page begins, and how many bytes its pages have. */
  start: number;
  bytes: number;
}

/** Bytes that nearly every page header fits into; the largest that are read for one that holds long statistics. */
const HEADER_BYTES = 4096;
const MAX_HEADER_BYTES = 16 * 1024 * 1024;
const PART_BYTES = 1024 * 1024;

/**
 * How many bytes one compressed byte can become at most. Snappy copies 64 bytes by 3, DEFLATE 258 by 2 bits, LZ4
 * 255 by 1, and a block of zstd repeats a byte 131,072 times in 4.
 */
const MAX_RATIO: Readonly<Record<string, number>> = {
  UNCOMPRESSED: 1,
  SNAPPY: 22,
  GZIP: 1032,
  LZ4: 256,
  LZ4_RAW: 256,
  ZSTD: 32768,
};

/**
 * Checks what DuckDB does not: the checksums of pages, and sizes that a page's bytes cannot have. DuckDB would allocate
 * whatever memory a page asks for. Only headers are read, except where a page has a checksum.
 *
 * @throws UnreadableFile when a page does not match its checksum, or asks for more memory than its bytes can fill
 */
export const checkPages = async (db: Queryable, path: string): Promise<void> => {
  const chunks = await chunksOf(db, path);
  const file = await open(path);
  try {
    const { size } = await file.stat();
    for (const chunk of chunks) await checkChunk(file, size, chunk);
  } finally {
    await file.close();
  }
};

const chunksOf = async (db: Queryable, path: string): Promise<Chunk[]> => {
  const levels = await levelsOf(db, path);
  const rows = await db.all<Record<'column' | 'id' | 'codec' | 'dictionary' | 'data' | 'bytes', unknown>>(
    `SELECT path_in_schema AS "column", column_id AS id, compression AS codec, dictionary_page_offset AS dictionary,
       data_page_offset AS data, total_compressed_size AS bytes FROM parquet_metadata(${literal(path)})`,
  );
  return rows.map(({ column, id, codec, dictionary, data, bytes }) => {
    const offsets = [Number(dictionary ?? 0), Number(data ?? 0)].filter((offset) => offset >= 4);
    return {
      column: String(column),
      codec: String(codec),
      levels: levels[Number(id)] ?? { repetition: 0, definition: 0 },
      start: Math.min(...offsets),
      bytes: Number(bytes ?? 0),
    };
  });
};

const checkChunk = async (file: FileHandle, size: number, chunk: Chunk): Promise<void> => {
  const end = Math.min(size, chunk.start + chunk.bytes);
  for (let at = chunk.start; at < end; ) {
    const header = await headerAt(file, at);
    const compressed = header?.fields.get(3)?.number;
    // DuckDB says what is wrong with a header that is none.
    if (header === undefined || compressed === undefined || compressed < 0) return;
    throwIfAbsurd(header.fields, compressed, chunk);
    const data = at + header.bytes;
    const expected = header.fields.get(4)?.number;
    if (expected !== undefined && (await checksum(file, data, compressed)) !== expected >>> 0)
      throw new UnreadableFile(
        `The file is damaged: a page of column ${JSON.stringify(chunk.column)} does not match its checksum; upload it again.`,
      );
    if (isDeltaText(header.fields)) await throwIfLongTexts(file, header.fields, data, compressed, chunk);
    at = data + compressed;
  }
};

interface PageHeader {
  /** https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift, `PageHeader` */
  fields: Struct;
  bytes: number;
}

/** Undefined where no page begins. */
const headerAt = async (file: FileHandle, at: number): Promise<PageHeader | undefined> => {
  for (let length = HEADER_BYTES; length <= MAX_HEADER_BYTES; length *= 8) {
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await file.read(buffer, 0, length, at);
    const reader = new ThriftReader(buffer.subarray(0, bytesRead));
    try {
      return { fields: reader.struct(), bytes: reader.at };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (bytesRead < length) return undefined;
    }
  }
  return undefined;
};

const throwIfAbsurd = (header: Struct, compressed: number, { column, codec }: Chunk): void => {
  const unpacked = header.get(2)?.number ?? 0;
  const ratio = MAX_RATIO[codec];
  // Every value of a dictionary takes a byte at least.
  const entries = header.get(7)?.fields?.get(1)?.number ?? 0;
  const fits = ratio === undefined || unpacked <= compressed * ratio + HEADER_BYTES;
  if (unpacked >= 0 && fits && entries >= 0 && entries <= Math.max(unpacked, 1)) return;
  throw new UnreadableFile(
    `The file is damaged: a page of column ${JSON.stringify(column)} claims ${unpacked} bytes and ${entries} dictionary values, more than its ${compressed} bytes can hold; upload it again.`,
  );
};

const throwIfLongTexts = async (
  file: FileHandle,
  header: Struct,
  start: number,
  length: number,
  { column, codec, levels }: Chunk,
): Promise<void> => {
  const page = Buffer.allocUnsafe(Math.min(length, MAX_PAGE_TEXT_BYTES));
  const { bytesRead } = await file.read(page, 0, page.length, start);
  const bytes = textBytes(header, page.subarray(0, bytesRead), codec, levels) ?? 0;
  if (length <= MAX_PAGE_TEXT_BYTES && bytes <= MAX_PAGE_TEXT_BYTES) return;
  throw new UnreadableFile(
    `A page of column ${JSON.stringify(column)} holds texts of more than ${MAX_PAGE_TEXT_BYTES} bytes in ${length}, and all of them would be in memory at once. Write it with smaller pages, or without the encoding DELTA_BYTE_ARRAY.`,
  );
};

const checksum = async (file: FileHandle, start: number, length: number): Promise<number> => {
  const buffer = Buffer.allocUnsafe(Math.min(length, PART_BYTES));
  let crc = 0;
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - at), start + at);
    if (bytesRead === 0) return Number.NaN;
    crc = crc32(buffer.subarray(0, bytesRead), crc);
    at += bytesRead;
  }
  return crc;
};
