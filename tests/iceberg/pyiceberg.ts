import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../helpers/engine.ts';
import { pythonWith } from '../helpers/python-venv.ts';

const PACKAGES = ['pyiceberg==0.12.0', 'pyarrow==26.0.1'];

/** The Python with PyIceberg. The first call needs `python3` and PyPI. */
export const pyIcebergPython = (): Promise<string> => pythonWith('pyiceberg', PACKAGES);

export interface Question {
  /** The URI of a metadata file. */
  metadata: string;
  /** Properties of PyIceberg's file access, such as `s3.endpoint`. */
  properties?: Readonly<Record<string, string>>;
  snapshot?: number;
  /** A row filter in PyIceberg's syntax. */
  filter?: string;
  /** The file to which the rows are written. Without it no rows are read. */
  parquet?: string;
  /** Whether to check that each row is in the file of its partition. */
  partitions?: boolean;
  /** The metadata tables to read: `files`, `entries`, `manifests` … */
  inspect?: readonly string[];
}

export interface IcebergColumn {
  id: number;
  name: string;
  type: string;
  required: boolean;
}

export interface Answer {
  uuid: string;
  location: string;
  schema: IcebergColumn[];
  /** Schemas by their id, as text. */
  schemas: Record<string, IcebergColumn[]>;
  spec: { name: string; transform: string; source: number }[];
  snapshots: { id: number; parent: number | null; operation: string; schema: number | null }[];
  /** The number of data files that the scan would read, and of delete files with them. */
  files: number;
  deletes: number;
  /** Field ids of the first data file's columns, by name. */
  fieldIds: Record<string, number>[];
  /** Rows per metadata table. */
  inspected: Record<string, number>;
  /** The number of rows in files of another partition, if that was asked. */
  misplaced?: number;
  read?: Read;
}

export interface Read {
  rows: number;
  /** The count of values per column, and the sum of numbers: a text if it is exact, a number for floats. */
  columns: Record<string, { count: number; sum: string | number | null }>;
}

/** Another reader of Iceberg tables in a child process, which answers one question after the other. */
export interface Reader<A> {
  /** @throws Error with the reader's message when it cannot answer */
  ask(question: Question): Promise<A>;
  stop(): Promise<void>;
}

export type PyIceberg = Reader<Answer>;

export const startPyIceberg = async (): Promise<PyIceberg> =>
  startReader(await pyIcebergPython(), 'tests/iceberg/reader.py');

/** Starts a Python program that answers each line of JSON with a line of JSON, `{"error": text}` if it fails. */
export const startReader = <A extends object>(
  python: string,
  program: string,
  env: NodeJS.ProcessEnv = process.env,
): Reader<A> => {
  const child = spawn(python, [path.join(ROOT, program)], { stdio: ['pipe', 'pipe', 'inherit'], env });
  const ended = once(child, 'exit');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  const next = async (question: Question): Promise<A> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await answers.next();
    if (done === true) throw new Error(`${program} ended before it answered`);
    const answer = JSON.parse(String(value)) as A | { error: string };
    if ('error' in answer) throw new Error(`${program}: ${answer.error}`);
    return answer as A;
  };
  return {
    ask: (question) => {
      const answer = last.then(() => next(question));
      last = answer.catch(() => undefined);
      return answer;
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
};
