import { EmptyFile, UnreadableFile } from '../../errors.ts';
import type { TextFile, TextFormat } from '../records/format.ts';
import type { OpenedRecords, OpenOptions } from '../records/opened-records.ts';
import { openAtPath } from './open-at-path.ts';
import { isObject, linesOf } from './open-ndjson.ts';
import { readDocuments } from './read-documents.ts';
import { readLines } from './read-lines.ts';
import { throwIfWrapped } from './wrapped-records.ts';

/** How the records of a JSON text are laid out, by its first characters; undefined when it is no JSON. */
const layoutOf = ({ text }: TextFile): 'array' | 'objects' | undefined => {
  const start = text.trimStart();
  // A CSV may begin with a bracket too: in JSON the beginning of a value follows it.
  if (/^\[\s*([\]{["\d-]|true\b|false\b|null\b|$)/.test(start)) return 'array';
  return start.startsWith('{') ? 'objects' : undefined;
};

/**
 * An array, whose elements are the records; or objects, each on several lines or one directly after the other. With
 * `recordsPath`, the records lie in them.
 *
 * @throws UnreadableFile unless the whole file is valid, or some of its lines are objects
 * @throws EmptyFile for `[]`
 * @throws ContractMismatch when the file is one object whose records lie in a list below it, or holds none at the
 *   contract's `recordsPath`
 */
const openJson = async (
  file: TextFile,
  options: OpenOptions,
  folder: string,
): Promise<OpenedRecords<'json' | 'ndjson'>> => {
  const isArray = layoutOf(file) === 'array';
  const read = () => (isArray ? readDocuments(file, options, 'array') : readObjects(file, options, folder));
  const recordsPath = options.reading?.recordsPath;
  if (recordsPath !== undefined) {
    const opened = await openAtPath(file, options, folder, recordsPath, read);
    if (opened.records > 0 || !isArray) return opened;
  } else if (!isArray) return await openObjects(file, options, read);
  else {
    const opened = await read();
    if (opened.records > 0) return opened;
  }
  throw new EmptyFile('The file holds an empty JSON array. Check the system that wrote it.');
};

const openObjects = async (
  file: TextFile,
  options: OpenOptions,
  read: () => Promise<OpenedRecords<'json' | 'ndjson'>>,
): Promise<OpenedRecords<'json' | 'ndjson'>> => {
  try {
    const opened = await read();
    if (opened.records === 1) throwIfWrapped(file, options.expected);
    return opened;
  } catch (error) {
    // An object that is larger than a record may be holds all of them.
    if (error instanceof UnreadableFile && !file.whole) throwIfWrapped(file, options.expected);
    throw error;
  }
};

const readObjects = async (
  file: TextFile,
  options: OpenOptions,
  folder: string,
): Promise<OpenedRecords<'json' | 'ndjson'>> => {
  try {
    return await readDocuments(file, options, 'unstructured');
  } catch (error) {
    // It may be NDJSON whose first line is broken: the other lines are still readable.
    if (error instanceof UnreadableFile && linesOf(file.text).some(isObject))
      return readLines(file, options, folder);
    throw error;
  }
};

export const JSON_DOCUMENTS: TextFormat<'json', 'json' | 'ndjson'> = {
  name: 'json',
  titles: ['JSON'],
  docs: 'an array of objects, or objects written over several lines or one directly after the other',
  content: 'text',
  recognise: (file) => layoutOf(file) !== undefined,
  open: openJson,
};
