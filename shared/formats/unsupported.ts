import { isControl, startsWith } from './bytes/file-ends.ts';
import { CUT_OFF_PARQUET } from './parquet/open-parquet.ts';
import type { UnsupportedFormat } from './records/format.ts';

/** @param magics hexadecimal digits of the first bytes, any of which tells the format */
const unsupported = (name: string, remedy: string, ...magics: readonly string[]): UnsupportedFormat => ({
  name,
  remedy,
  recognise: ({ head }) => magics.some((magic) => startsWith(head, magic)),
});

/** "BZh", the block size as a digit, and the digits of pi: https://en.wikipedia.org/wiki/Bzip2#File_format */
const isBzip2 = (head: Buffer): boolean => /^425a683[1-9]314159265359/.test(head.toString('hex'));

/** A CSV may start with "ORC" too, but not with the control characters that follow as lengths in an ORC file. */
const isOrc = (head: Buffer): boolean => startsWith(head, '4f5243') && head.subarray(3, 20).some(isControl);

/** The formats that are recognised only to be rejected, with advice. They are tried after the binary formats that are read. */
export const UNSUPPORTED: readonly UnsupportedFormat[] = [
  unsupported(
    'a ZIP archive or an Excel workbook (.xlsx)',
    'extract it, or save the sheet as CSV',
    '504b0304',
  ),
  unsupported('an old Excel workbook or Office document', 'save the sheet as CSV', 'd0cf11e0'),
  unsupported('an Avro file', 'convert it to Parquet or NDJSON', '4f626a01'),
  unsupported('an Arrow or Feather file', 'convert it to Parquet', '4152524f5731'),
  unsupported('a PDF document', 'export the data as CSV', '25504446'),
  unsupported('an xz file', 'recompress it with gzip or zstd', 'fd377a585a00'),
  unsupported('a 7-Zip archive', 'extract it, or recompress it with gzip or zstd', '377abcaf271c'),
  unsupported('an LZ4 file', 'recompress it with gzip or zstd', '04224d18'),
  unsupported('an SQLite database', 'export the table as CSV or Parquet', '53514c69746520666f726d6174203300'),
  unsupported('UTF-32 text', 'save it as UTF-8', 'fffe0000', '0000feff'),
  {
    name: 'a bzip2 file',
    remedy: 'recompress it with gzip or zstd',
    recognise: ({ head }) => isBzip2(head),
  },
  { name: 'an ORC file', remedy: 'convert it to Parquet', recognise: ({ head }) => isOrc(head) },
  CUT_OFF_PARQUET,
];
