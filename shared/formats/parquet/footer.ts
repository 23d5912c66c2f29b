import type { FileHandle } from 'node:fs/promises';

/** `PAR1`, after the length of the footer in four bytes. */
const TRAILER_BYTES = 8;

/**
 * The footer's bytes, and their offset in the file.
 *
 * @throws RangeError when the file is shorter than it says
 */
export const readFooter = async (file: FileHandle): Promise<{ footer: Buffer; start: number }> => {
  const { size } = await file.stat();
  const trailer = Buffer.alloc(TRAILER_BYTES);
  await file.read(trailer, 0, TRAILER_BYTES, size - TRAILER_BYTES);
  const length = trailer.readUInt32LE(0);
  const start = size - TRAILER_BYTES - length;
  if (start < 0) throw new RangeError('The footer is longer than the file');
  const footer = Buffer.alloc(length);
  await file.read(footer, 0, length, start);
  return { footer, start };
};
