import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { types } from 'node:util';
import { DuckstepError, UnreadableFile } from '../../errors.ts';
import type { Compression, Decoder } from './compression.ts';
import { COMPRESSIONS, type CompressionName } from './compressions.ts';
import { type FileEnds, readEnds } from './file-ends.ts';
import { unpackedLimit } from './unpacked-limit.ts';

export interface Unpacked {
  path: string;
  compression: CompressionName;
  /** Both ends of the unpacked file. */
  ends: FileEnds;
}

/**
 * The file itself, or its decompressed copy in `folder`.
 *
 * @throws UnreadableFile when the compressed data is truncated or corrupt, or compressed twice
 * @throws DecompressionLimit as soon as the copy passes `maxBytes`
 */
export const unpack = async (filePath: string, folder: string, maxBytes: number): Promise<Unpacked> => {
  const packed = await readEnds(filePath);
  const outer = compressionOf(packed);
  if (outer === undefined) return { path: filePath, compression: 'none', ends: packed };
  const unpacked = path.join(folder, 'unpacked');
  await decompress(filePath, unpacked, outer, maxBytes);
  const ends = await readEnds(unpacked);
  const inner = compressionOf(ends);
  if (inner !== undefined) {
    throw new UnreadableFile(
      `The file is compressed twice (${inner.name} in ${outer.name}): compress it once.`,
    );
  }
  return { path: unpacked, compression: outer.name, ends };
};

const compressionOf = (ends: FileEnds) => COMPRESSIONS.find((compression) => compression.recognise(ends));

const decompress = async (
  filePath: string,
  target: string,
  compression: Compression,
  maxBytes: number,
): Promise<void> => {
  const output = openSync(target, 'w');
  let written = 0;
  // Runs within the decoder's event, so that a bomb is stopped by the block that passes the limit.
  const write = (decoder: Decoder, block: Buffer): void => {
    written += block.length;
    if (written > maxBytes) {
      decoder.destroy(unpackedLimit(maxBytes));
      return;
    }
    try {
      // A disk that is nearly full may accept only a part.
      for (let at = 0; at < block.length; ) at += writeSync(output, block, at);
    } catch (error) {
      // An error that escapes from the event would end the process.
      decoder.destroy(types.isNativeError(error) ? error : new Error(String(error)));
    }
  };
  try {
    await compression.decompress(filePath, write);
  } catch (error) {
    if (error instanceof DuckstepError || !isDamage(error, compression)) throw error;
    throw new UnreadableFile(`The ${compression.name} data is truncated or corrupt: upload the file again.`, {
      cause: error,
    });
  } finally {
    closeSync(output);
  }
};

const isDamage = (error: unknown, { damageCode }: Compression): boolean =>
  types.isNativeError(error) && 'code' in error && damageCode.test(String(error.code));
