import type { TextFile, TextFormat } from '../records/format.ts';
import type { OpenedRecords, OpenOptions } from '../records/opened-records.ts';
import { openAtPath } from './open-at-path.ts';
import { readLines } from './read-lines.ts';
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
 * One record per line, whatever the line holds, or what lies in it at the contract's `recordsPath`.
 *
 * @throws ContractMismatch when the file is one object whose records lie in a list below it, or holds none at the path
 */
export const openNdjson = async (
  file: TextFile,
  options: OpenOptions,
  folder: string,
): Promise<OpenedRecords<'json' | 'ndjson'>> => {
  const read = () => readLines(file, options, folder);
  const recordsPath = options.reading?.recordsPath;
  if (recordsPath !== undefined) return await openAtPath(file, options, folder, recordsPath, read);
  const opened = await read();
  if (opened.records === 1) throwIfWrapped(file, options.expected);
  return opened;
};

export const NDJSON: TextFormat<'ndjson', 'json' | 'ndjson'> = {
  name: 'ndjson',
  titles: ['NDJSON'],
  docs: 'one object per line. A line that is no object is rejected, the others are read',
  content: 'text',
  recognise: isNdjson,
  open: openNdjson,
};
