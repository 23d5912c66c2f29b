import { EmptyFile, UnreadableFile } from '../../errors.ts';
import type { TextFile, TextFormat } from '../records/format.ts';
import type { OpenedRecords, OpenOptions } from '../records/opened-records.ts';
import { readCsv } from '../records/read-csv.ts';
import { accountOf } from '../records/scan-account.ts';
import { scanRecords } from '../records/scan-records.ts';
import { type Dialect, dialectOf } from './dialect.ts';
import { headerOf, isRow, normalName } from './header.ts';
import { layoutOf } from './layout.ts';
import { type Beginning, type FirstRecord, firstRecord, sampledRecords } from './measure.ts';
import { type Preamble, preambleOf } from './preamble.ts';
import { throwIfUnnamed } from './wrong-header.ts';

interface Recognised extends Dialect {
  preamble: Preamble;
  beginning: Beginning;
  first: FirstRecord;
}

/**
 * @throws UnreadableFile when the first record cannot be read
 * @throws EmptyFile when nothing follows the lines before the first record
 */
const recognise = (file: TextFile, { expected, reading = {} }: OpenOptions): Recognised => {
  const preamble = preambleOf(file, reading);
  const beginning = { sample: file.sample.subarray(preamble.bytes), whole: file.whole };
  const names = new Set(expected.map(({ sourceName }) => normalName(sourceName)));
  const stated = { ...(preamble.delimiter !== undefined && { delimiter: preamble.delimiter }), ...reading };
  const dialect = dialectOf(beginning, names, (record) => isRow(record, expected), stated);
  const first = firstRecord(beginning, dialect.grammar);
  if (first !== undefined) return { ...dialect, preamble, beginning, first };
  if (file.whole && !holdsRecords(beginning, dialect)) throw noRows();
  throw new UnreadableFile(
    'The first record cannot be read: a quote in it is not closed where the field ends, or it is longer than 1 MiB. Fix it and upload the file again.',
  );
};

const holdsRecords = (beginning: Beginning, { grammar }: Dialect): boolean =>
  !sampledRecords(beginning, grammar).next().done;

const noRows = (): EmptyFile =>
  new EmptyFile('The file holds a header and no rows. Check the system that wrote it.');

/**
 * @throws EmptyFile when there is a header and nothing else
 * @throws UnreadableFile when the first record cannot be read
 * @throws ContractMismatch when the first record is a header without a name of the contract, or may be a row as well
 */
const openCsv = async (
  file: TextFile,
  options: OpenOptions,
  folder: string,
): Promise<OpenedRecords<'csv'>> => {
  const { expected, reading } = options;
  const { delimiter, quote, grammar, preamble, beginning, first } = recognise(file, options);
  const header = headerOf(first.fields, expected, reading?.header);
  if (header.present)
    throwIfUnnamed(file.text, { line: preamble.lines + first.line, fields: first.fields }, expected);
  const { columns, trailing } = layoutOf(beginning, grammar, header, expected);
  // DuckDB would read the header's line as long as the rows are.
  const apart = trailing || (header.present && columns.length !== first.fields.length);
  const scan = await scanRecords({
    path: file.path,
    start: file.start + preamble.bytes + (header.present ? first.next : first.start),
    firstLine: preamble.lines + (header.present ? first.nextLine : first.line),
    grammar,
    columns: columns.length,
    trailing,
    skipBlanks: false,
    invalidUtf8: file.invalidUtf8,
    maxRecordBytes: options.maxRecordBytes,
    ...(header.present && { newline: first.newline }),
    // A copy leaves out everything before the first row, so that DuckDB need not skip it.
    copy:
      apart ||
      first.unusual ||
      first.newline === 'cr' ||
      preamble.bytes > 0 ||
      (file.start > 0 && !header.present),
    folder,
  });
  const { ledger } = scan;
  if (scan.records === 0 && ledger.malformed === 0) throw noRows();
  const relation = readCsv({
    path: ledger.copyPath ?? file.path,
    columns: columns.map((_, i) => `c${i}`),
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
    columns,
    relation,
    ...accountOf(scan),
  };
};

export const CSV: TextFormat<'csv'> = {
  name: 'csv',
  titles: ['CSV', 'TSV'],
  docs: "fields separated by comma, tab, semicolon or bar, else by any one character that delimits most records; quoted with `\"`, or with `'` where no field is quoted with `\"`; any kind of line end. [Below](#how-csv-is-recognised) is how they are detected. The header's columns may be in any order. If the first record can be a row of the contract, the file has no header: the columns are the contract's, in its order",
  content: 'text',
  // Any text may be CSV: this entry comes after all other formats of text.
  recognise: () => true,
  open: openCsv,
};
