import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** Path inside the archive, with `/`. */
  name: string;
  content: Buffer;
}

/** The earliest date that a zip can hold, in MS-DOS format: the same files always give the same archive. */
const EPOCH = { time: 0, date: (1 << 5) | 1 };
/** UTF-8 names. */
const FLAGS = 0x0800;
const DEFLATE = 8;
/** Marks the archive as made on Unix, so that the mode below counts. */
const MADE_BY = (3 << 8) | 20;
/** A regular file that every user may read: the user of Lambda is not known. */
const MODE = (0o100644 << 16) >>> 0;

const record = (signature: number, ...fields: [bytes: 2 | 4, value: number][]): Buffer => {
  const buffer = Buffer.alloc(4 + fields.reduce((sum, [bytes]) => sum + bytes, 0));
  let offset = buffer.writeUInt32LE(signature, 0);
  for (const [bytes, value] of fields) offset = buffer.writeUIntLE(value, offset, bytes);
  return buffer;
};

/**
 * A zip archive of the entries, ordered by name, independent of the time and place of the build. For archives
 * below 4 GB. Source: PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
 */
export const zip = (entries: readonly ZipEntry[]): Buffer => {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = Buffer.from(name);
    const data = deflateRawSync(content, { level: 9 });
    const common: [2 | 4, number][] = [
      [2, 20],
      [2, FLAGS],
      [2, DEFLATE],
      [2, EPOCH.time],
      [2, EPOCH.date],
      [4, crc32(content)],
      [4, data.length],
      [4, content.length],
      [2, path.length],
      [2, 0],
    ];
    const local = Buffer.concat([record(0x04034b50, ...common), path, data]);
    directory.push(
      record(0x02014b50, [2, MADE_BY], ...common, [2, 0], [2, 0], [2, 0], [4, MODE], [4, offset]),
      path,
    );
    files.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const count = entries.length;
  const end = record(
    0x06054b50,
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, central.length],
    [4, offset],
    [2, 0],
  );
  return Buffer.concat([...files, central, end]);
};
