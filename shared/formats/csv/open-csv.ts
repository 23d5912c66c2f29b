import { EmptyFile, UnreadableFile } from '../../errors.ts';
import type { TextFile, TextFormat } from '../records/format.ts';
import type { ExpectedColumn, OpenedRecords, OpenOptions } from '../records/opened-records.ts';
import { readCsv } from '../records/read-csv.ts';
import { accountOf } from '../records/scan-account.ts';
import { scanRecords } from '../records/scan-records.ts';
import { type Dialect, dialectOf, type FirstRecord, firstRecord } from './dialect.ts';
import { headerOf } from './header.ts';

interface Beginning extends Dialect {
  first: FirstRecord;
}

/** @throws UnreadableFile when the first record cannot be read */
const beginningOf = (file: TextFile, expected: readonly ExpectedColumn[]): Beginning => {
  const names = expected.map(({ sourceName }) => sourceName);
  const dialect = dialectOf(file.sample, file.whole, names);
  const first = firstRecord(file.sample, file.whole, dialect.grammar);
  if (first === undefined) {
    throw new UnreadableFile(
      'The first record cannot be read: a quote in it is never closed, or it is longer than 1 MiB. Fix it and upload the file again.',
    );
  }
  return { ...dialect, first };
};

/**
 * @throws EmptyFile when there is a header and nothing else
 * @throws UnreadableFile when the first record cannot be read
 */
const openCsv = async (
  file: TextFile,
  options: OpenOptions,
  folder: string,
): Promise<OpenedRecords<'csv'>> => {
  const { delimiter, quote, grammar, first } = beginningOf(file, options.expected);
  const header = headerOf(first.fields, options.expected);
  const scan = await scanRecords({
    path: file.path,
    start: file.start + (header.present ? first.next : first.start),
    firstLine: header.present ? first.nextLine : first.line,
    grammar,
    columns: header.columns.length,
    skipBlanks: false,
    invalidUtf8: file.invalidUtf8,
    maxRecordBytes: options.maxRecordBytes,
    ...(header.present && { newline: first.newline }),
    // A copy leaves out everything before the first row, so that DuckDB need not skip it.
    copy: first.unusual || first.newline === 'cr' || (file.start > 0 && !header.present),
    folder,
  });
  const { ledger } = scan;
  if (scan.records === 0 && ledger.malformed === 0) {
    throw new EmptyFile('The file holds a header and no rows. Check the system that wrote it.');
  }
  const relation = readCsv({
    path: ledger.copyPath ?? file.path,
    columns: header.columns.map((_, i) => `c${i}`),
    delimiter,
    quote,
    header: header.present && ledger.copyPath === undefined,
    longest: Math.max(scan.longest, first.next),
    multiline: scan.multiline,
    newline: scan.newline,
  });
  return {
    format: 'csv',
    delimiter,
    quote,
    header: header.present,
    shape: 'columns',
    columns: header.columns,
    relation,
    ...accountOf(scan),
  };
};

export const CSV: TextFormat<'csv'> = {
  name: 'csv',
  titles: ['CSV', 'TSV'],
  docs: "fields separated by comma, tab, semicolon or bar, quoted with `\"` or `'`, any kind of line end; delimiter and quote are detected (`shared/formats/csv/dialect.ts`). The header's columns may be in any order. If the first record contains no name of the contract and looks like a row, the columns are the contract's, in its order",
  content: 'text',
  // Any text may be CSV: this entry comes after all other formats of text.
  recognise: () => true,
  open: openCsv,
};
