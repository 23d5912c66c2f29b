import { type FileHandle, open } from 'node:fs/promises';

/** The bytes at both ends of a file, by which formats are recognised: names and extensions may be wrong. */
export interface FileEnds {
  /** The first 512 bytes, or all where the file has fewer. */
  head: Buffer;
  /** The last four bytes, or all where the file has fewer. */
  tail: Buffer;
  /** Bytes of the whole file. */
  size: number;
}

/** The header of a tar archive. */
const HEAD_BYTES = 512;

export const readEnds = async (path: string): Promise<FileEnds> => {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return {
      head: await readAt(file, 0, HEAD_BYTES),
      tail: await readAt(file, Math.max(0, size - 4), 4),
      size,
    };
  } finally {
    await file.close();
  }
};

const readAt = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
};

/** @param magic bytes in lower-case hexadecimal digits */
export const startsWith = (bytes: Buffer, magic: string): boolean =>
  bytes.subarray(0, magic.length / 2).toString('hex') === magic;

/** Whether the byte occurs in no text, in any encoding of its letters. */
export const isControl = (byte: number): boolean => byte < 9 || (byte > 13 && byte < 32);
