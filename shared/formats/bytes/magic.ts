/** What a file is, by its bytes. Names and extensions lie; the first bytes rarely do. */
export type Kind = 'gzip' | 'zstd' | 'parquet' | 'text';

export interface Magic {
  kind: Kind;
  /** Set when the file is something known that cannot be read: what it is, and what to do about it. */
  refusal?: string;
}

const ORC = '4f5243';

const FOREIGN: [magic: string, what: string, remedy: string][] = [
  ['504b0304', 'a ZIP archive or an Excel workbook (.xlsx)', 'extract it, or save the sheet as CSV'],
  ['d0cf11e0', 'an old Excel workbook or Office document', 'save the sheet as CSV'],
  ['4f626a01', 'an Avro file', 'convert it to Parquet or NDJSON'],
  ['4152524f5731', 'an Arrow or Feather file', 'convert it to Parquet'],
  ['25504446', 'a PDF document', 'export the data as CSV'],
  ['fd377a585a00', 'an xz file', 'recompress it with gzip or zstd'],
  ['377abcaf271c', 'a 7-Zip archive', 'extract it, or recompress it with gzip or zstd'],
  ['04224d18', 'an LZ4 file', 'recompress it with gzip or zstd'],
  ['53514c69746520666f726d6174203300', 'an SQLite database', 'export the table as CSV or Parquet'],
  [ORC, 'an ORC file', 'convert it to Parquet'],
  ['fffe0000', 'UTF-32 text', 'save it as UTF-8'],
  ['0000feff', 'UTF-32 text', 'save it as UTF-8'],
];

const PARQUET = Buffer.from('PAR1');

/** A byte that plain text does not hold: tells a binary file from a text that happens to start like one. */
const isBinary = (byte: number | undefined): boolean => byte !== undefined && (isControl(byte) || byte > 127);

/** A byte that no text holds, in any encoding of its letters. */
const isControl = (byte: number): boolean => byte < 9 || (byte > 13 && byte < 32);

/**
 * @param head the file's first bytes, 20 or more where the file has them
 * @param tail its last four bytes
 */
export const magicOf = (head: Buffer, tail: Buffer): Magic => {
  if (startsWith(head, '1f8b')) return { kind: 'gzip' };
  if (isZstd(head)) return { kind: 'zstd' };
  if (head.subarray(0, 4).equals(PARQUET)) {
    if (tail.equals(PARQUET) && head.length >= 12) return { kind: 'parquet' };
    if (isBinary(head[4])) {
      return {
        kind: 'parquet',
        refusal: 'a Parquet file whose end is missing: the upload was cut off; upload it again',
      };
    }
  }
  if (isBzip2(head)) return { kind: 'text', refusal: 'a bzip2 file: recompress it with gzip or zstd' };
  const foreign = FOREIGN.find(([magic]) => startsWith(head, magic));
  // A CSV may start with "ORC" as well, but holds no such bytes as the lengths that follow in a file of ORC.
  if (foreign && (foreign[0] !== ORC || head.subarray(3, 20).some(isControl))) {
    return { kind: 'text', refusal: `${foreign[1]}: ${foreign[2]}` };
  }
  return { kind: 'text' };
};

/** "BZh", the size of a block as a digit, and the digits of pi: https://en.wikipedia.org/wiki/Bzip2#File_format */
const isBzip2 = (head: Buffer): boolean => {
  return /^425a683[1-9]314159265359/.test(head.toString('hex'));
};

/** A zstd frame, or a skippable frame as parallel compressors write them first. */
const isZstd = (head: Buffer): boolean => {
  if (startsWith(head, '28b52ffd')) return true;
  const first = head[0] ?? 0;
  return first >= 0x50 && first <= 0x5f && head.subarray(1, 4).equals(Buffer.from('2a4d18', 'hex'));
};

const startsWith = (head: Buffer, magic: string): boolean => {
  return head.subarray(0, magic.length / 2).toString('hex') === magic;
};
