import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import {
  type MalformedRecord,
  type OpenedSource,
  type OpenOptions,
  openSource,
} from '../../shared/formats/open-source.ts';
import { withOwnDatabase } from './duckdb.ts';

export interface Opened {
  source: OpenedSource;
  /** All rows of the relation, with their columns in order; a document has one text. */
  rows: unknown[][];
  /** The line of each row. */
  lines: number[];
  malformed: MalformedRecord[];
}

export interface Opener {
  db: Db;
  scratch: string;
  /** Opens a file of these bytes and reads all of its rows. */
  open: (bytes: string | Uint8Array, options?: Partial<OpenOptions>, name?: string) => Promise<Opened>;
}

/** Runs a test with a database and a folder, which are removed afterwards. */
export const withOpener = async <T>(test: (opener: Opener) => Promise<T>): Promise<T> => {
  const scratch = await mkdtemp(path.join(tmpdir(), 'source-'));
  try {
    return await withOwnDatabase((db) =>
      test({
        db,
        scratch,
        open: async (bytes, options = {}, name = 'file') => {
          const file = path.join(scratch, name);
          await writeFile(file, bytes);
          return openFile(db, scratch, file, options);
        },
      }),
    );
  } finally {
    await rm(scratch, { recursive: true });
  }
};

export const openFile = async (
  db: Db,
  scratch: string,
  file: string,
  options: Partial<OpenOptions> = {},
): Promise<Opened> => {
  const source = await openSource(file, {
    db,
    scratch,
    expected: [],
    maxUnpackedBytes: 1e9,
    maxRecordBytes: 16 * 1024 * 1024,
    ...options,
  });
  const rows = (await db.all(`SELECT * FROM ${source.relation}`)).map((row) => Object.values(row));
  const shifts = source.lineShifts ? await readFile(source.lineShifts.path, 'utf8') : '';
  const malformed = source.malformed ? await readFile(source.malformed.path, 'utf8') : '';
  return {
    source,
    rows,
    lines: linesOf(source, rows.length, shifts),
    malformed: malformed
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)),
  };
};

const linesOf = (source: OpenedSource, rows: number, shifts: string): number[] => {
  const entries = shifts
    .trim()
    .split('\n')
    .slice(1)
    .map((entry) => entry.split(',').map(Number));
  let [next, shift] = [0, 0];
  return Array.from({ length: rows }, (_, row) => {
    while (entries[next]?.[0] === row) shift = entries[next++]?.[1] ?? 0;
    return row + source.firstLine + shift;
  });
};

/** Opens one file of these bytes. */
export const open = (...args: Parameters<Opener['open']>): Promise<Opened> =>
  withOpener(({ open }) => open(...args));

/** A Parquet file as DuckDB writes it. */
export const parquet = async (
  { db, scratch }: Opener,
  select: string,
  name = 'file.parquet',
): Promise<string> => {
  const file = path.join(scratch, name);
  await db.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
  return file;
};
