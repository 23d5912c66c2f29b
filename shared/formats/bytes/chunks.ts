import { open } from 'node:fs/promises';

const CHUNK = 1024 * 1024;

/** The file's bytes in pieces of up to 1 MiB; each piece is valid only until the next is asked for. */
export async function* chunksOf(path: string, start = 0): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (let position = start; ; ) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** The beginning of a file. */
export interface Sample {
  /** Up to 1 MiB. */
  sample: Buffer;
  /** Whether that is all of the file. */
  whole: boolean;
}

/** @param start the offset of the first byte to read */
export const sampleOf = async (path: string, start = 0): Promise<Sample> => {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(CHUNK);
    const { bytesRead } = await file.read(buffer, 0, CHUNK, start);
    const { size } = await file.stat();
    return { sample: buffer.subarray(0, bytesRead), whole: start + bytesRead >= size };
  } finally {
    await file.close();
  }
};
