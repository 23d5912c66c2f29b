import type { Reading } from '../../contract/reading.ts';
import { UnreadableFile } from '../../errors.ts';
import type { Beginning } from './measure.ts';

/** The part of a file before its records. */
export interface Preamble {
  bytes: number;
  lines: number;
  /** As Excel's first line names it. */
  delimiter?: string;
}

/** Excel's `sep=;`, which it reads and writes as the first line. Programs that read it as a record add delimiters. */
const SEPARATOR = /^"?sep=([^\r\n])"?\1*(?:\r\n|\n|\r)/i;

/** @throws UnreadableFile when there are fewer lines than the contract skips */
export const preambleOf = ({ sample, whole }: Beginning, { skipLines = 0 }: Reading): Preamble => {
  if (skipLines > 0) {
    const bytes = afterLines(sample, skipLines);
    if (bytes !== undefined) return { bytes, lines: skipLines };
    const within = whole ? 'The file has' : 'The first MiB of the file has';
    throw new UnreadableFile(
      `${within} fewer than ${skipLines} lines, which the contract skips ("skipLines"). Fix the file or the contract.`,
    );
  }
  const found = SEPARATOR.exec(sample.toString('latin1', 0, 64));
  const [line, delimiter] = found ?? [];
  if (line === undefined || delimiter === undefined || /[^\0-\x7f]|[a-z\d"']/i.test(delimiter))
    return { bytes: 0, lines: 0 };
  return { bytes: line.length, lines: 1, delimiter };
};

/** The offset after the given number of lines; undefined when there are fewer. */
const afterLines = (sample: Buffer, lines: number): number | undefined => {
  let at = 0;
  for (let passed = 0; passed < lines; passed++) {
    const end = indexOfLineEnd(sample, at);
    if (end === undefined) return undefined;
    at = end;
  }
  return at;
};

const indexOfLineEnd = (sample: Buffer, from: number): number | undefined => {
  for (let at = from; at < sample.length; at++) {
    if (sample[at] === 0x0a) return at + 1;
    if (sample[at] === 0x0d) return sample[at + 1] === 0x0a ? at + 2 : at + 1;
  }
  return undefined;
};
