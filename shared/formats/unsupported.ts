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

/** A header of tar holds the sum of its bytes, in which those of the sum count as blanks. */
const isTar = (head: Buffer): boolean => {
  if (head.length < 512) return false;
  const stated = /^ *([0-7]+)[\0 ]/.exec(head.toString('latin1', 148, 156))?.[1];
  const sum = head.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return stated !== undefined && Number.parseInt(stated, 8) === sum;
};

/** The first characters without a byte order mark; those of UTF-16 without its zeros. */
const textOf = (head: Buffer): string =>
  head
    .toString('latin1')
    .replaceAll('\0', '')
    .replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '')
    .trimStart();

const isHtml = (text: string): boolean => /^<(!doctype\s+html|html|head|body|table)\b/i.test(text);

/** Without a declaration, an element that begins with another: a CSV may have names in angle brackets. */
const isXml = (text: string): boolean => /^<(\?xml\s|[A-Za-z_][\w:.-]*(\s[^<>]*)?>\s*<[A-Za-z_])/.test(text);

const recognised = (
  name: string,
  remedy: string,
  recognise: (head: Buffer) => boolean,
): UnsupportedFormat => ({ name, remedy, recognise: ({ head }) => recognise(head) });

/** The formats that are recognised only to be rejected, with advice. They are tried after the binary formats that are read. */
export const UNSUPPORTED: readonly UnsupportedFormat[] = [
  unsupported(
    'an old Excel workbook (.xls), a workbook with a password, or an Office document',
    'save the sheet as CSV, or as .xlsx without a password',
    'd0cf11e0',
  ),
  unsupported('an Arrow or Feather file', 'convert it to Parquet', '4152524f5731', '4645413100'),
  recognised(
    'an Arrow stream',
    'convert it to Parquet',
    // The mark of a message, its length, and the offset of its table.
    (head) => startsWith(head, 'ffffffff') && startsWith(head.subarray(8), '10000000'),
  ),
  recognised('an ORC file', 'convert it to Parquet', isOrc),
  unsupported(
    'an encrypted Parquet file',
    'write it without encryption; the bucket can encrypt it',
    '50415245',
  ),
  unsupported('an SQLite database', 'export the table as CSV or Parquet', '53514c69746520666f726d6174203300'),
  recognised('a DuckDB database', 'export the table as Parquet', (head) =>
    startsWith(head.subarray(8), '4455434b'),
  ),
  unsupported('a PDF document', 'export the data as CSV', '25504446'),
  recognised(
    'an HTML page',
    'export the data as CSV; an error page may have been saved in its place',
    (head) => isHtml(textOf(head)),
  ),
  recognised('an XML document', 'convert it to NDJSON or CSV', (head) => isXml(textOf(head))),
  recognised('a tar archive', 'extract it, and upload each file', isTar),
  unsupported('a 7-Zip archive', 'extract it, or recompress it with gzip or zstd', '377abcaf271c'),
  unsupported('a RAR archive', 'extract it, and upload each file', '526172211a07'),
  recognised('a bzip2 file', 'recompress it with gzip or zstd', isBzip2),
  unsupported('an xz or LZMA file', 'recompress it with gzip or zstd', 'fd377a585a00', '5d0000'),
  unsupported('an LZ4 file', 'recompress it with gzip or zstd', '04224d18'),
  unsupported('a Snappy file', 'recompress it with gzip or zstd', 'ff060000734e61507059'),
  unsupported('UTF-32 text', 'save it as UTF-8', 'fffe0000', '0000feff'),
  CUT_OFF_PARQUET,
];
