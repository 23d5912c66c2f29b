import type { Readable } from 'node:stream';
import { types } from 'node:util';
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { Damage } from '../bytes/damage.ts';
import { unpackedLimit } from '../bytes/unpacked-limit.ts';

/** A workbook has a part per sheet and picture. */
const MAX_ENTRIES = 100_000;
const ENCRYPTED = 1;

/** A ZIP archive, of which every part is checked against its size and its checksum while it is read. */
export class Archive {
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #maxBytes: number;
  #unpacked = 0;

  private constructor(zip: ZipFile, entries: ReadonlyMap<string, Entry>, maxBytes: number) {
    this.#zip = zip;
    this.#entries = entries;
    this.#maxBytes = maxBytes;
  }

  /**
   * @param maxBytes what all reading together may unpack
   * @throws Damage when the list of parts cannot be read
   */
  static async open(path: string, maxBytes: number): Promise<Archive> {
    const zip = await zipped(() => openPromise(path, { lazyEntries: true, autoClose: false }));
    try {
      if (zip.entryCount > MAX_ENTRIES) throw new Damage(`it lists more than ${MAX_ENTRIES} parts`);
      const entries = new Map<string, Entry>();
      await zipped(async () => {
        for await (const entry of zip.eachEntry()) entries.set(entry.fileName.toLowerCase(), entry);
      });
      return new Archive(zip, entries, maxBytes);
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  /** Names of the parts, in lower case, as the names of a workbook's parts differ in more than case. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  get isEncrypted(): boolean {
    return [...this.#entries.values()].some(
      ({ generalPurposeBitFlag }) => (generalPurposeBitFlag & ENCRYPTED) !== 0,
    );
  }

  has(name: string): boolean {
    return this.#entries.has(name.toLowerCase());
  }

  /**
   * The bytes of a part.
   *
   * @throws Damage when there is no such part, or it is damaged
   * @throws DecompressionLimit
   */
  async *read(name: string): AsyncGenerator<Buffer> {
    const entry = this.#entries.get(name.toLowerCase());
    if (entry === undefined) throw new Damage('a part that the workbook names is missing');
    const stream = await zipped(() => this.#zip.openReadStreamPromise(entry));
    let crc = 0;
    for await (const chunk of chunksOf(stream)) {
      this.#unpacked += chunk.length;
      if (this.#unpacked > this.#maxBytes) throw unpackedLimit(this.#maxBytes);
      crc = crc32(chunk, crc);
      yield chunk;
    }
    if (crc !== entry.crc32) throw new Damage('a part does not match its checksum');
  }

  close(): void {
    this.#zip.close();
  }
}

async function* chunksOf(stream: Readable): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { value, done } = await zipped(() => chunks.next());
      if (done) return;
      yield value;
    }
  } finally {
    stream.destroy();
  }
}

/** The library and zlib throw errors about the bytes; those with another code are the system's. */
const zipped = async <T>(read: () => Promise<T>): Promise<T> => {
  try {
    return await read();
  } catch (error) {
    const code = types.isNativeError(error) && 'code' in error ? String(error.code) : '';
    if (error instanceof Damage || (code !== '' && !code.startsWith('Z_'))) throw error;
    throw new Damage('its ZIP archive cannot be read, as when an upload is cut off');
  }
};
