import { types } from 'node:util';
import { crc32, inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { UnreadableFile } from '../../errors.ts';
import { Damage } from '../bytes/damage.ts';
import { unsnap } from '../bytes/snappy.ts';

/** The limit on a block, packed and unpacked: one is in memory at a time. Writers make blocks of 16 KiB to a few MiB. */
export const MAX_BLOCK_BYTES = 64 * 1024 * 1024;

/** Unpacks a block. */
export type Codec = (packed: Buffer) => Buffer;

const unzlib =
  (unpack: (packed: Buffer, options: { maxOutputLength: number }) => Buffer): Codec =>
  (packed) => {
    try {
      return unpack(packed, { maxOutputLength: MAX_BLOCK_BYTES });
    } catch (error) {
      const code = types.isNativeError(error) && 'code' in error ? String(error.code) : '';
      if (code === 'ERR_BUFFER_TOO_LARGE') throw blockTooLarge();
      if (/^(Z_|ZSTD_)/.test(code)) throw new Damage('a block cannot be unpacked');
      throw error;
    }
  };

/** Snappy's block is followed by the checksum of what it unpacks to. */
const snappy: Codec = (packed) => {
  const end = packed.length - 4;
  if (end < 0) throw new Damage('a block of snappy cannot be unpacked');
  const data = unsnap(packed.subarray(0, end), MAX_BLOCK_BYTES);
  if (data === undefined) throw blockTooLarge();
  if (crc32(data) !== packed.readUInt32BE(end)) throw new Damage('a block does not match its checksum');
  return data;
};

const CODECS: ReadonlyMap<string, Codec> = new Map([
  ['null', (packed) => packed],
  ['deflate', unzlib(inflateRawSync)],
  ['snappy', snappy],
  ['zstandard', unzlib(zstdDecompressSync)],
]);

/** @throws UnreadableFile when the codec is none that is read */
export const codecOf = (name: string): Codec => {
  const codec = CODECS.get(name);
  if (codec !== undefined) return codec;
  throw new UnreadableFile(
    `The Avro file is compressed with the codec ${JSON.stringify(name.slice(0, 40))}; ${[...CODECS.keys()].join(', ')} are read. Write it with one of these.`,
  );
};

export const blockTooLarge = (): UnreadableFile =>
  new UnreadableFile(
    `A block of the Avro file has more than ${MAX_BLOCK_BYTES} bytes. Write the file with smaller blocks (a smaller sync interval).`,
  );
