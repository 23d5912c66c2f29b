import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { types } from 'node:util';
import { UnreadableFile } from '../../errors.ts';
import { chunksOf } from './chunks.ts';
import type { TextEncoding } from './encoding.ts';

/** A text file in UTF-8. */
export interface Utf8File {
  path: string;
  /** Offset of the text: after the byte order mark. */
  start: number;
  /** Whether some records may be invalid UTF-8. */
  invalidUtf8: boolean;
}

/**
 * The file itself when it is UTF-8, else a transcoded copy in `folder`.
 *
 * @throws UnreadableFile when the bytes are not valid: UTF-16 with lone surrogates, or half a unit at its end
 */
export const toUtf8 = async (filePath: string, text: TextEncoding, folder: string): Promise<Utf8File> => {
  if (text.encoding === 'utf-8') return { path: filePath, start: text.bom, invalidUtf8: text.invalidUtf8 };
  const target = path.join(folder, 'utf8');
  const decoder = new TextDecoder(text.encoding, { fatal: true });
  try {
    await pipeline(
      chunksOf(filePath, text.bom),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
        yield decoder.decode();
      },
      createWriteStream(target),
    );
  } catch (error) {
    if (!types.isNativeError(error) || error.name !== 'TypeError') throw error;
    throw new UnreadableFile(`The file is not valid ${text.encoding.toUpperCase()}: save it as UTF-8.`, {
      cause: error,
    });
  }
  return { path: target, start: 0, invalidUtf8: false };
};
