import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const CAPACITY = 1024 * 1024;

/** A buffered writer of one temporary file, for many small pieces. */
export class ScratchWriter {
  readonly path: string;
  readonly #file: number;
  readonly #buffer = Buffer.allocUnsafe(CAPACITY);
  #used = 0;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'w');
  }

  append(bytes: Buffer, start = 0, end = bytes.length): void {
    if (end - start > CAPACITY - this.#used) this.#flush();
    if (end - start > CAPACITY) {
      this.#write(bytes, start, end);
    } else {
      this.#used += bytes.copy(this.#buffer, this.#used, start, end);
    }
  }

  /** Appends a part of another file. */
  appendFile(path: string, start: number, end: number): void {
    this.#flush();
    const source = openSync(path, 'r');
    try {
      for (let at = start; at < end; ) {
        const read = readSync(source, this.#buffer, 0, Math.min(CAPACITY, end - at), at);
        if (read === 0) break;
        this.#write(this.#buffer, 0, read);
        at += read;
      }
    } finally {
      closeSync(source);
    }
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    this.#write(this.#buffer, 0, this.#used);
    this.#used = 0;
  }

  #write(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; ) at += writeSync(this.#file, bytes, at, end - at);
  }
}
