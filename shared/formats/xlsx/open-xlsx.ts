import path from 'node:path';
import { EmptyFile, UnreadableFile } from '../../errors.ts';
import { Damage } from '../bytes/damage.ts';
import { startsWith } from '../bytes/file-ends.ts';
import type { BinaryFormat } from '../records/format.ts';
import type { OpenedRecords, OpenOptions } from '../records/opened-records.ts';
import { readCsv } from '../records/read-csv.ts';
import { Archive } from './archive.ts';
import { OTHER_ARCHIVES } from './other-archives.ts';
import { readRows } from './read-rows.ts';
import { readSharedStrings, SharedStrings } from './shared-strings.ts';
import { SheetTable } from './sheet-table.ts';
import { readStyles, readWorkbook } from './workbook.ts';

/** Of a ZIP archive's first part, and of an archive without parts. */
const MAGICS = ['504b0304', '504b0506'];

/**
 * The rows of one sheet become a CSV file of texts, which is read as a CSV file is.
 *
 * @throws UnreadableFile when the file is damaged, or a ZIP archive that is no workbook
 * @throws EmptyFile when the sheet has no rows, or a header only
 * @throws ContractMismatch when there is no sheet of the contract's name, or its first row is no header of the contract
 * @throws DecompressionLimit
 */
const openXlsx = async (
  filePath: string,
  options: OpenOptions,
  folder: string,
): Promise<OpenedRecords<'xlsx'>> => {
  const table = new SheetTable(folder, options);
  try {
    const archive = await Archive.open(filePath, options.maxUnpackedBytes);
    try {
      throwIfOther(archive);
      await readSheet(archive, table, options, folder);
    } finally {
      archive.close();
    }
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    throw new UnreadableFile(
      `The file is a damaged workbook or ZIP archive: ${error.message}. Upload it again.`,
      { cause: error },
    );
  } finally {
    table.close();
  }
  return recordsOf(table);
};

const throwIfOther = (archive: Archive): void => {
  const other = OTHER_ARCHIVES.find((each) => each.recognise(archive));
  if (other !== undefined) throw new UnreadableFile(`The file looks like ${other.name}: ${other.remedy}.`);
};

const readSheet = async (
  archive: Archive,
  table: SheetTable,
  { reading, maxRecordBytes: maxLength }: OpenOptions,
  folder: string,
): Promise<void> => {
  const workbook = await readWorkbook(archive, reading?.sheet);
  const strings = new SharedStrings(path.join(folder, 'shared-strings'));
  try {
    if (workbook.sharedStrings !== undefined)
      await readSharedStrings(archive.read(workbook.sharedStrings), strings, maxLength);
    const styles = workbook.styles === undefined ? [] : await readStyles(archive, workbook.styles);
    const context = { strings, styles, dates: workbook.dates, maxLength };
    await readRows(archive.read(workbook.sheet), context, (row) => table.add(row));
    table.end();
  } finally {
    strings.close();
  }
};

const recordsOf = (table: SheetTable): OpenedRecords<'xlsx'> => {
  const { header, ledger, records, firstLine, longest, multiline } = table;
  if (header === undefined)
    throw new EmptyFile('The sheet holds no rows. Check the system that wrote it, or name another sheet.');
  if (records === 0 && ledger.malformed === 0)
    throw new EmptyFile('The sheet holds a header and no rows. Check the system that wrote it.');
  const { malformedPath, shiftsPath, malformed } = ledger;
  return {
    format: 'xlsx',
    header: header.present,
    shape: 'columns',
    columns: header.columns,
    relation: readCsv({
      path: table.path,
      columns: header.columns.map((_, i) => `c${i}`),
      ...{ delimiter: ',', quote: '"', header: false, longest, multiline, newline: 'lf' },
    }),
    records,
    firstLine,
    ...(malformedPath !== undefined && { malformed: { path: malformedPath, count: malformed } }),
    ...(shiftsPath !== undefined && { lineShifts: { path: shiftsPath } }),
  };
};

export const XLSX: BinaryFormat<'xlsx'> = {
  name: 'xlsx',
  titles: ['XLSX'],
  docs: 'the first sheet of a workbook that is not hidden, or the one that [`sheet`](contracts.md#how-the-files-are-written) names. The header is found as in CSV; empty rows are passed over; a formula counts by its stored result. [Values](contracts.md#xlsx-values)',
  content: 'bytes',
  recognise: ({ head }) => MAGICS.some((magic) => startsWith(head, magic)),
  open: openXlsx,
};
