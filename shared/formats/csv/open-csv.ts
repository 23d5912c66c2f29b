import { EmptyFile, UnreadableFile } from '../../errors.ts';
import { sampleOf } from '../bytes/chunks.ts';
import type { Utf8File } from '../bytes/transcode.ts';
import type { OpenedSource, OpenOptions } from '../records/opened-source.ts';
import { readCsv } from '../records/read-csv.ts';
import { type Scan, scanRecords } from '../records/scan-records.ts';
import { dialectOf, firstRecord } from './dialect.ts';
import { headerOf } from './header.ts';

export type OpenedText = Omit<OpenedSource, 'compression' | 'encoding' | 'bytes'>;

/**
 * @throws EmptyFile when there is a header and nothing else
 * @throws UnreadableFile when not even the first record can be read
 */
export const openCsv = async (file: Utf8File, options: OpenOptions, folder: string): Promise<OpenedText> => {
  const { sample, whole } = await sampleOf(file.path, file.start);
  const names = options.expected.map(({ sourceName }) => sourceName);
  const { delimiter, quote, grammar } = dialectOf(sample, whole, names);
  const first = firstRecord(sample, whole, grammar);
  if (!first) {
    throw new UnreadableFile(
      'The first record cannot be read: a quote in it is never closed, or it is longer than 1 MiB. Mend it and upload the file again.',
    );
  }
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
    ...(header.present ? { newline: first.newline } : {}),
    // Whatever stands before the first row is simplest left out.
    copy: first.unusual || first.newline === 'cr' || (file.start > 0 && !header.present),
    folder,
  });
  const { ledger } = scan;
  if (scan.records === 0 && ledger.malformed === 0) {
    throw new EmptyFile('The file holds a header and no rows. Check the system that wrote it.');
  }
  const columns = header.columns.map((_, i) => `c${i}`);
  const relation = readCsv({
    path: ledger.copyPath ?? file.path,
    columns,
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

/** What a scan found, as the opened source tells it. */
export const accountOf = (
  scan: Scan,
): Pick<OpenedSource, 'records' | 'firstLine' | 'malformed' | 'lineShifts'> => {
  const { rejectsPath, shiftsPath, malformed } = scan.ledger;
  return {
    records: scan.records,
    firstLine: scan.firstLine,
    ...(rejectsPath ? { malformed: { path: rejectsPath, count: malformed } } : {}),
    ...(shiftsPath ? { lineShifts: { path: shiftsPath } } : {}),
  };
};
