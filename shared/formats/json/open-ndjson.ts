import { UnreadableFile } from '../../errors.ts';
import { chunksOf } from '../bytes/chunks.ts';
import type { TextFile, TextFormat } from '../records/format.ts';
import { grammar } from '../records/grammar.ts';
import type { OpenedRecords, OpenOptions } from '../records/opened-records.ts';
import { readCsv } from '../records/read-csv.ts';
import { accountOf } from '../records/scan-account.ts';
import { scanRecords } from '../records/scan-records.ts';
import { NestedKeys, repeatsOf } from './nested-keys.ts';
import { throwIfWrapped } from './wrapped-records.ts';

/** The lines of a text's beginning, without blank ones before the first. */
export const linesOf = (text: string): string[] => text.trimStart().split(/\r\n|\n|\r/);

/** Whether a line holds one whole JSON object. */
export const isObject = (line: string): boolean => {
  if (!line.trimStart().startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
};

/** Whether the first line is a whole object, so that the others may be expected to be one each. */
const isNdjson = ({ text, whole }: TextFile): boolean => {
  if (!text.trimStart().startsWith('{')) return false;
  const [first = '', ...others] = linesOf(text);
  // A line that is longer than the sample is not pretty-printed.
  const cut = others.length === 0 && !whole;
  return cut ? !holdsAdjacentObjects(first) : isObject(first);
};

/** Whether the text holds `}{`, as writers leave it that put no newline between records. */
const holdsAdjacentObjects = (text: string): boolean => /\}\s*\{"/.test(text);

/**
 * One record per line, whatever the line holds: Validate judges each.
 *
 * @throws ContractMismatch when the file is one object whose records lie in a list below it
 */
export const openNdjson = async (
  file: TextFile,
  options: OpenOptions,
  folder: string,
): Promise<OpenedRecords<'ndjson'>> => {
  const keys = new NestedKeys(1, true);
  const delimiter = await unusedControl(file.path, keys);
  const scan = await scanRecords({
    path: file.path,
    start: file.start,
    firstLine: 1,
    grammar: grammar(-1, -1),
    columns: 1,
    skipBlanks: true,
    invalidUtf8: file.invalidUtf8,
    maxRecordBytes: options.maxRecordBytes,
    copy: file.start > 0,
    folder,
  });
  if (scan.records === 1) throwIfWrapped(file, options.expected);
  const relation = readCsv({
    path: scan.ledger.copyPath ?? file.path,
    columns: ['doc'],
    delimiter,
    quote: '',
    header: false,
    longest: scan.longest,
    multiline: false,
    newline: scan.newline,
  });
  return {
    format: 'ndjson',
    shape: 'documents',
    columns: [],
    relation,
    ...repeatsOf(keys),
    ...accountOf(scan),
  };
};

/**
 * A control character that does not occur in the file: as a delimiter it leaves every line in one piece. `keys` reads the
 * file on the way.
 */
const unusedControl = async (path: string, keys: NestedKeys): Promise<string> => {
  let unused = Array.from({ length: 31 }, (_, i) => 31 - i).filter((byte) => byte < 9 || byte > 13);
  for await (const chunk of chunksOf(path)) {
    keys.read(chunk);
    // The first is nearly always unused: then one look at the chunk is enough.
    while (unused[0] !== undefined && chunk.includes(unused[0])) unused = unused.slice(1);
    if (unused[0] === undefined) break;
  }
  if (unused[0] === undefined) {
    throw new UnreadableFile('The file starts like JSON but holds every control character: it is no text.');
  }
  return String.fromCharCode(unused[0]);
};

export const NDJSON: TextFormat<'ndjson'> = {
  name: 'ndjson',
  titles: ['NDJSON'],
  docs: 'one object per line. A line that is no object is rejected, the others are read',
  content: 'text',
  recognise: isNdjson,
  open: openNdjson,
};
