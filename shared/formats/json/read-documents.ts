import { literal } from '../../engine/sql.ts';
import { UnreadableFile } from '../../errors.ts';
import { chunksOf } from '../bytes/chunks.ts';
import type { TextFile } from '../records/format.ts';
import type { OpenedRecords, OpenOptions } from '../records/opened-records.ts';
import { asUnreadable } from '../records/unreadable.ts';
import { jsonFaultOf } from './json-fault.ts';
import { NestedKeys, repeatsOf } from './nested-keys.ts';

/** DuckDB's default for `maximum_object_size`, in bytes: a lower limit on records must not reject more. */
const MIN_OBJECT_SIZE = 16 * 1024 * 1024;

/**
 * The elements of an array, or objects that stand behind one another.
 *
 * @throws UnreadableFile unless the whole file is valid
 */
export const readDocuments = async (
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
