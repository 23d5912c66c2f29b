import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { types } from 'node:util';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { DecompressionLimit, DuckstepError, UnreadableFile } from '../../errors.ts';
import { type Magic, magicOf } from './magic.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

export interface Unpacked {
  path: string;
  kind: 'parquet' | 'text';
  compression: Compression;
  /** Size of the unpacked file. */
  bytes: number;
}

const CHUNK = 256 * 1024;
type Decoder = ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>;

/**
 * The file itself, or its decompressed copy in `folder`.
 *
 * @throws UnreadableFile for truncated, corrupt, doubly compressed or foreign files
 * @throws DecompressionLimit as soon as the copy passes `maxBytes`
 */
export const unpack = async (filePath: string, folder: string, maxBytes: number): Promise<Unpacked> => {
  const outer = await inspect(filePath);
  if (outer.kind === 'parquet' || outer.kind === 'text') {
    return { path: filePath, kind: outer.kind, compression: 'none', bytes: outer.bytes };
  }
  const unpacked = path.join(folder, 'unpacked');
  await decompress(filePath, unpacked, outer.kind, maxBytes);
  const inner = await inspect(unpacked);
  if (inner.kind === 'gzip' || inner.kind === 'zstd') {
    throw new UnreadableFile(
      `The file is compressed twice (${inner.kind} in ${outer.kind}): compress it once.`,
    );
  }
  return { path: unpacked, kind: inner.kind, compression: outer.kind, bytes: inner.bytes };
};

const inspect = async (filePath: string): Promise<Magic & { bytes: number }> => {
  const file = await open(filePath);
  try {
    const { size } = await file.stat();
    const magic = magicOf(await readAt(file, 0, 64), await readAt(file, Math.max(0, size - 4), 4));
    if (magic.refusal) throw new UnreadableFile(`The file looks like ${magic.refusal}.`);
    return { ...magic, bytes: size };
  } finally {
    await file.close();
  }
};

const readAt = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
};

const decompress = async (
  filePath: string,
  target: string,
  kind: 'gzip' | 'zstd',
  maxBytes: number,
): Promise<void> => {
  const output = openSync(target, 'w');
  let written = 0;
  // Written from within the decoder's event, so that a bomb is stopped by the block that passes the limit.
  const write = (decoder: Decoder, block: Buffer): void => {
    written += block.length;
    if (written > maxBytes) {
      decoder.destroy(
        new DecompressionLimit(
          `The file unpacks to more than ${maxBytes} bytes: split it, or raise DUCKSTEP_MAX_UNPACKED_MB.`,
        ),
      );
      return;
    }
    try {
      // A disk that is all but full may take a part.
      for (let at = 0; at < block.length; ) at += writeSync(output, block, at);
    } catch (error) {
      // Thrown from within an event, it would end the process.
      decoder.destroy(error as Error);
    }
  };
  try {
    if (kind === 'gzip') await gunzip(filePath, write);
    else await unzstd(filePath, write);
  } catch (error) {
    if (error instanceof DuckstepError || !isDecodingError(error)) throw error;
    throw new UnreadableFile(`The ${kind} data is truncated or corrupt: upload the file again.`, {
      cause: error,
    });
  } finally {
    closeSync(output);
  }
};

type Write = (decoder: Decoder, block: Buffer) => void;

/** All members of the file: Node's decoder goes from one to the next by itself. */
const gunzip = async (filePath: string, write: Write): Promise<void> => {
  const decoder = new Feed(createGunzip({ chunkSize: CHUNK }), write);
  for await (const chunk of createReadStream(filePath, { highWaterMark: CHUNK })) await decoder.feed(chunk);
  await decoder.end();
};

/** All frames of the file: Node's decoder stops in silence after the first, so each gets its own. */
const unzstd = async (filePath: string, write: Write): Promise<void> => {
  const next = () => new Feed(createZstdDecompress({ chunkSize: CHUNK }), write);
  let decoder = next();
  for await (const chunk of createReadStream(filePath, { highWaterMark: CHUNK })) {
    let rest: Buffer = chunk;
    for (;;) {
      const used = await decoder.feed(rest);
      if (used === rest.length) break;
      rest = rest.subarray(used);
      await decoder.end();
      decoder = next();
    }
  }
  await decoder.end();
};

/** A decoder that is fed by hand and tells how much of its input it took. */
class Feed {
  readonly #decoder: Decoder;
  /** The end of the data, which a decoder may find before the end of its input; or its error. */
  readonly #over: Promise<void>;

  constructor(decoder: Decoder, write: Write) {
    this.#decoder = decoder;
    this.#over = finished(decoder, { writable: false });
    this.#over.catch(() => undefined);
    decoder.on('data', (block: Buffer) => write(decoder, block));
  }

  async feed(chunk: Buffer): Promise<number> {
    const before = this.#decoder.bytesWritten;
    const { promise, resolve } = Promise.withResolvers<void>();
    // Behind the end of its data a decoder takes nothing, and does not call back.
    this.#decoder.write(chunk, () => resolve());
    await Promise.race([promise, this.#over]);
    return this.#decoder.bytesWritten - before;
  }

  async end(): Promise<void> {
    this.#decoder.end();
    await this.#over;
    this.#decoder.destroy();
  }
}

const isDecodingError = (error: unknown): boolean => {
  return types.isNativeError(error) && 'code' in error && /^(Z_|ZSTD_)/.test(String(error.code));
};
