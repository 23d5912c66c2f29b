import { Damage } from '../bytes/damage.ts';
import { FileWindow } from '../records/file-window.ts';
import { blockTooLarge, codecOf, MAX_BLOCK_BYTES } from './codecs.ts';
import { Cursor } from './cursor.ts';

/** Object container files: https://avro.apache.org/docs/1.12.0/specification/#object-container-files */

const MAGIC_BYTES = 4;
const SYNC_BYTES = 16;
/** Two variable-length longs. */
const MAX_BLOCK_HEADER_BYTES = 20;
/** The header holds the schema. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

export interface Block {
  records: number;
  /** Unpacked; valid only until the next block is asked for. */
  data: Buffer;
}

export interface Container {
  /** The schema's JSON. */
  schema: string;
  blocks: () => AsyncGenerator<Block>;
  close: () => Promise<void>;
}

/**
 * Opens a file that begins with Avro's magic bytes. The caller closes it.
 *
 * @throws Damage when it cannot be read
 * @throws UnreadableFile when its codec is not read, or a block is too large
 */
export const openContainer = async (path: string): Promise<Container> => {
  const window = await FileWindow.open(path, MAGIC_BYTES);
  try {
    const { metadata, sync } = await readHeader(window);
    const unpack = codecOf(metadata.get('avro.codec')?.toString() ?? 'null');
    async function* blocks(): AsyncGenerator<Block> {
      for (;;) {
        await need(window, MAX_BLOCK_HEADER_BYTES);
        if (window.start === window.end) return;
        const { records, size } = readBlockHeader(window);
        if (size > MAX_BLOCK_BYTES) throw blockTooLarge();
        if (!(await need(window, size + SYNC_BYTES))) throw new Damage('its last block is cut off');
        const end = window.start + size;
        if (!window.bytes.subarray(end, end + SYNC_BYTES).equals(sync))
          throw new Damage('a block does not end with the sync marker');
        const packed = window.bytes.subarray(window.start, end);
        window.start = end + SYNC_BYTES;
        yield { records, data: unpack(packed) };
      }
    }
    return {
      schema: metadata.get('avro.schema')?.toString() ?? '',
      blocks,
      close: () => window.close(),
    };
  } catch (error) {
    await window.close();
    throw error;
  }
};

/** Reads on until the window holds this number of bytes; false where the file ends before. */
const need = async (window: FileWindow, bytes: number): Promise<boolean> => {
  while (window.end - window.start < bytes && !window.final) await window.fill();
  return window.end - window.start >= bytes;
};

const readHeader = async (window: FileWindow): Promise<{ metadata: Map<string, Buffer>; sync: Buffer }> => {
  for (let bytes = 64 * 1024; ; bytes *= 4) {
    const more = await need(window, bytes);
    try {
      const cursor = new Cursor(window.bytes.subarray(0, window.end), window.start);
      const metadata = readMetadata(cursor);
      const at = cursor.take(SYNC_BYTES);
      window.start = cursor.at;
      return { metadata, sync: Buffer.from(cursor.bytes.subarray(at, cursor.at)) };
    } catch (error) {
      if (!(error instanceof Damage) || !more || bytes > MAX_HEADER_BYTES)
        throw error instanceof Damage ? new Damage('its header is no Avro header, or cut off') : error;
    }
  }
};

/** A map of bytes. The copies stay valid while the window moves. */
const readMetadata = (cursor: Cursor): Map<string, Buffer> => {
  const metadata = new Map<string, Buffer>();
  for (;;) {
    const count = cursor.count();
    if (count === 0) return metadata;
    // A negative count is followed by the size of the entries.
    if (count < 0) cursor.count();
    for (let i = 0; i < Math.abs(count); i++) {
      const key = cursor.sized().toString();
      metadata.set(key, Buffer.from(cursor.sized()));
    }
  }
};

const readBlockHeader = (window: FileWindow): { records: number; size: number } => {
  const cursor = new Cursor(window.bytes.subarray(0, window.end), window.start);
  const [records, size] = [cursor.count(), cursor.count()];
  if (records < 0 || size < 0) throw new Damage('a block has a negative size');
  window.start = cursor.at;
  return { records, size };
};
