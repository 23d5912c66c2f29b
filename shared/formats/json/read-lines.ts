import { UnreadableFile } from '../../errors.ts';
import { chunksOf } from '../bytes/chunks.ts';
import type { TextFile } from '../records/format.ts';
import { grammar } from '../records/grammar.ts';
import type { OpenedRecords, OpenOptions } from '../records/opened-records.ts';
import { readCsv } from '../records/read-csv.ts';
import { accountOf } from '../records/scan-account.ts';
import { scanRecords } from '../records/scan-records.ts';
import { NestedKeys, repeatsOf } from './nested-keys.ts';

/** One record per line, whatever the line holds: Validate judges each. */
export const readLines = async (
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
