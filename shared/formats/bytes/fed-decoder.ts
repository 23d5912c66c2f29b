import { finished } from 'node:stream/promises';
import type { Decoder, WriteBlock } from './compression.ts';

/** Bytes that are read from the file, and that a decoder gives, at a time. */
export const BLOCK_BYTES = 256 * 1024;

/** A decoder that is fed chunk by chunk and reports how much of each chunk it took. */
export class FedDecoder {
  readonly #decoder: Decoder;
  /** Resolves at the end of the data, which may come before the end of the input; rejects with the decoder's error. */
  readonly #over: Promise<void>;

  constructor(decoder: Decoder, write: WriteBlock) {
    this.#decoder = decoder;
    this.#over = finished(decoder, { writable: false });
    this.#over.catch(() => undefined);
    decoder.on('data', (block: Buffer) => write(decoder, block));
  }

  /** @returns the number of bytes that the decoder took; fewer than the chunk has where the data ended */
  async feed(chunk: Buffer): Promise<number> {
    const before = this.#decoder.bytesWritten;
    const { promise, resolve } = Promise.withResolvers<void>();
    // After the end of its data a decoder takes nothing, and does not call back.
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
