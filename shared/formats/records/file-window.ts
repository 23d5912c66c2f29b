import { type FileHandle, open } from 'node:fs/promises';

const CHUNK = 1024 * 1024;

/** A part of a file in memory, which moves forward: `bytes[start, end)` is not yet consumed. */
export class FileWindow {
  bytes = Buffer.allocUnsafe(2 * CHUNK);
  start = 0;
  end = 0;
  /** Whether the file ends at `end`. */
  final = false;
  readonly #file: FileHandle;
  /** Offset of `bytes[0]` in the file. */
  #offset: number;

  private constructor(file: FileHandle, offset: number) {
    this.#file = file;
    this.#offset = offset;
  }

  static async open(path: string, offset: number): Promise<FileWindow> {
    return new FileWindow(await open(path), offset);
  }

  /** Converts an offset in `bytes` to an offset in the file. */
  position(offset: number): number {
    return this.#offset + offset;
  }

  /** Drops the consumed bytes and reads the next ones. The window grows while nothing is consumed. */
  async fill(): Promise<void> {
    this.bytes.copyWithin(0, this.start, this.end);
    this.#offset += this.start;
    this.end -= this.start;
    this.start = 0;
    if (this.bytes.length - this.end < CHUNK) {
      const grown = Buffer.allocUnsafe(this.bytes.length * 2);
      this.bytes.copy(grown, 0, 0, this.end);
      this.bytes = grown;
    }
    const { bytesRead } = await this.#file.read(this.bytes, this.end, CHUNK, this.#offset + this.end);
    this.end += bytesRead;
    this.final = bytesRead === 0;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
