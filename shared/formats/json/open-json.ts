import { literal } from '../../engine/sql.ts';
import { EmptyFile, UnreadableFile } from '../../errors.ts';
import { chunksOf, sampleOf } from '../bytes/chunks.ts';
import type { Utf8File } from '../bytes/transcode.ts';
import { accountOf, type OpenedText } from '../csv/open-csv.ts';
import { grammar } from '../records/csv-record.ts';
import { MAX_RECORD_BYTES, type OpenOptions } from '../records/opened-source.ts';
import { readCsv } from '../records/read-csv.ts';
import { scanRecords } from '../records/scan-records.ts';
import { asUnreadable } from '../records/unreadable.ts';

/** What a text may be as JSON, by its first characters; undefined when it is none. */
export const jsonKindOf = (text: string): 'array' | 'objects' | undefined => {
  const start = text.trimStart();
  // A CSV may begin with a bracket too: what follows must be the beginning of a value.
  if (/^\[\s*([\]{["\d-]|true\b|false\b|null\b|$)/.test(start)) return 'array';
  return start.startsWith('{') ? 'objects' : undefined;
};

/**
 * A JSON array: every element is a record.
 *
 * @throws UnreadableFile unless the whole file is valid
 * @throws EmptyFile for `[]`
 */
export const openJsonArray = async (file: Utf8File, options: OpenOptions): Promise<OpenedText> => {
  const source = await readDocuments(file, options, 'array');
  if (source.records === 0)
    throw new EmptyFile('The file holds an empty JSON array. Check the system that wrote it.');
  return source;
};

/**
 * JSON objects: one per line, or, where the first line is not an object by itself, written over several
 * lines or one directly behind the other.
 *
 * @throws UnreadableFile when neither reading makes sense of the file
 */
export const openJsonObjects = async (
  file: Utf8File,
  options: OpenOptions,
  folder: string,
): Promise<OpenedText> => {
  const { sample, whole } = await sampleOf(file.path, file.start);
  const lines = sample
    .toString('utf8')
    .trimStart()
    .split(/\r\n|\n|\r/);
  // The sample may cut the first line, which then is too long to be pretty-printed.
  const cut = lines.length === 1 && !whole;
  if (cut ? !startsConcatenated(lines[0] ?? '') : isObject(lines[0] ?? '')) {
    return openLines(file, options, folder);
  }
  try {
    return await readDocuments(file, options, 'unstructured');
  } catch (error) {
    // One bad line at the top does not make the others unreadable.
    if (error instanceof UnreadableFile && lines.some(isObject)) return openLines(file, options, folder);
    throw error;
  }
};

const readDocuments = async (
  file: Utf8File,
  options: OpenOptions,
  layout: 'array' | 'unstructured',
): Promise<OpenedText> => {
  const size = Math.max(MAX_RECORD_BYTES, options.maxRecordBytes);
  const reading = `read_json_objects(${literal(file.path)}, format = '${layout}', maximum_object_size = ${size}, compression = 'uncompressed', hive_partitioning = false)`;
  try {
    const [counted] = await options.db.all<{ records: unknown }>(
      `SELECT count(*) AS records FROM ${reading}`,
    );
    return {
      format: 'json',
      shape: 'documents',
      columns: [],
      relation: `(SELECT CAST(json AS VARCHAR) AS doc FROM ${reading})`,
      records: Number(counted?.records ?? 0),
      firstLine: 1,
    };
  } catch (error) {
    throw asUnreadable(error);
  }
};

const openLines = async (file: Utf8File, options: OpenOptions, folder: string): Promise<OpenedText> => {
  const delimiter = await unusedControl(file.path);
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
  return { format: 'ndjson', shape: 'documents', columns: [], relation, ...accountOf(scan) };
};

/** A control character that the file does not hold: as a delimiter it leaves every line in one piece. */
const unusedControl = async (path: string): Promise<string> => {
  let unused = Array.from({ length: 31 }, (_, i) => 31 - i).filter((byte) => byte < 9 || byte > 13);
  for await (const chunk of chunksOf(path)) {
    // Almost always the first is free: then one look at the chunk is enough.
    while (unused[0] !== undefined && chunk.includes(unused[0])) unused = unused.slice(1);
    if (unused[0] === undefined) break;
  }
  if (unused[0] === undefined) {
    throw new UnreadableFile('The file starts like JSON but holds every control character: it is no text.');
  }
  return String.fromCharCode(unused[0]);
};

const isObject = (line: string): boolean => {
  if (!line.trimStart().startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
};

/** Whether the text holds `}{`, as writers leave it that put no newline between records. */
const startsConcatenated = (text: string): boolean => {
  return /\}\s*\{"/.test(text);
};
