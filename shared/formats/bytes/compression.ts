import type { Transform } from 'node:stream';
import type { FileEnds } from './file-ends.ts';

/** One entry of the list of compressions that are read. */
export interface Compression<Name extends string = string> {
  name: Name;
  recognise: (ends: FileEnds) => boolean;
  /** Decompresses the whole file and hands each block to `write`. */
  decompress: (path: string, write: WriteBlock) => Promise<void>;
  /** Matches the `code` of the errors that the decoder raises on damaged data. */
  damageCode: RegExp;
}

/** A stream of Node that takes compressed bytes and gives plain ones. */
export type Decoder = Transform & { readonly bytesWritten: number };

/** Called from within the decoder's event, so that it can destroy the decoder before the next block. */
export type WriteBlock = (decoder: Decoder, block: Buffer) => void;
