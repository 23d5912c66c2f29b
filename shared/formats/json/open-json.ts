import { literal } from '../../engine/sql.ts';
import { EmptyFile, UnreadableFile } from '../../errors.ts';
import { chunksOf } from '../bytes/chunks.ts';
import type { TextFile, TextFormat } from '../records/format.ts';
import type { OpenedRecords, OpenOptions } from '../records/opened-records.ts';
import { asUnreadable } from '../records/unreadable.ts';
import { jsonFaultOf } from './json-fault.ts';
import { NestedKeys, repeatsOf } from './nested-keys.ts';
import { isObject, linesOf, openNdjson } from './open-ndjson.ts';
import { throwIfWrapped } from './wrapped-records.ts';

/** DuckDB's default for `maximum_object_size`, in bytes: a lower limit on records must not reject more. */
const MIN_OBJECT_SIZE = 16 * 1024 * 1024;

/** How the records of a JSON text are laid out, by its first characters; undefined when it is no JSON. */
const layoutOf = ({ text }: TextFile): 'array' | 'objects' | undefined => {
  const start = text.trimStart();
  // A CSV may begin with a bracket too: in JSON the beginning of a value follows it.
  if (/^\[\s*([\]{["\d-]|true\b|false\b|null\b|$)/.test(start)) return 'array';
  return start.startsWith('{') ? 'objects' : undefined;
};

/**
 * An array, whose elements are the records; or objects, each on several lines or one directly after the other.
 *
 * @throws UnreadableFile unless the whole file is valid, or some of its lines are objects
 * @throws EmptyFile for `[]`
 * @throws ContractMismatch when the file is one object whose records lie in a list below it
 */
const openJson = async (
  file: TextFile,
  options: OpenOptions,
  folder: string,
): Promise<OpenedRecords<'json' | 'ndjson'>> => {
  if (layoutOf(file) === 'array') {
    const opened = await readDocuments(file, options, 'array');
    if (opened.records > 0) return opened;
    throw new EmptyFile('The file holds an empty JSON array. Check the system that wrote it.');
  }
  try {
    const opened = await readDocuments(file, options, 'unstructured');
    if (opened.records === 1) throwIfWrapped(file, options.expected);
    return opened;
  } catch (error) {
    // It may be NDJSON whose first line is broken: the other lines are still readable.
    if (error instanceof UnreadableFile && linesOf(file.text).some(isObject))
      return openNdjson(file, options, folder);
    // An object that is larger than a record may be holds all of them.
    if (error instanceof UnreadableFile && !file.whole) throwIfWrapped(file, options.expected);
    throw error;
  }
};

const readDocuments = async (
  file: TextFile,
  options: OpenOptions,
  layout: 'array' | 'unstructured',
): Promise<OpenedRecords<'json'>> => {
  const size = Math.max(MIN_OBJECT_SIZE, options.maxRecordBytes);
  const reading = `read_json_objects(${literal(file.path)}, format = '${layout}', maximum_object_size = ${size}, compression = 'uncompressed', hive_partitioning = false)`;
  try {
    const [counted] = await options.db.all<{ records: unknown }>(
      `SELECT count(*) AS records FROM ${reading}`,
    );
    const keys = new NestedKeys(layout === 'array' ? 2 : 1, false);
    for await (const chunk of chunksOf(file.path, file.start)) keys.read(chunk);
    return {
      format: 'json',
      shape: 'documents',
      columns: [],
      relation: `(SELECT CAST(json AS VARCHAR) AS doc FROM ${reading})`,
      records: Number(counted?.records ?? 0),
      firstLine: 1,
      ...repeatsOf(keys),
    };
  } catch (error) {
    const unreadable = asUnreadable(error);
    if (!(unreadable instanceof UnreadableFile)) throw error;
    const fault = await jsonFaultOf(file.path, file.start);
    if (fault === undefined) throw unreadable;
    throw new UnreadableFile(`The file is not valid JSON: ${fault}. Fix it and upload the file again.`, {
      cause: error,
    });
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
