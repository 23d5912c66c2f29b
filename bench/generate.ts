import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { literal } from '../shared/engine/sql.ts';
import { withDuckDb } from '../shared/engine/with-duckdb.ts';
import { type Dataset, type Format, type Generated, rowsSql } from './datasets.ts';
import { CACHE, ROOT } from './paths.ts';

/** A file to measure with. */
export interface Input {
  dataset: Dataset;
  format: Format;
  dirty: boolean;
  /** What was asked for, in MB of 10^6 bytes; undefined for the real file, which is as large as it is. */
  sizeMb?: number;
  file: string;
  bytes: number;
}

const MB = 1e6;

/** Changes whenever the rows do, so that what is cached is not mistaken for them. */
const SEED = 1;

/** Rows that tell how many bytes one has: in Parquet one whole row group. */
const SAMPLE_ROWS: Readonly<Record<Format, number>> = { csv: 20_000, ndjson: 20_000, parquet: 122_880 };

const OPTIONS: Readonly<Record<Format, string>> = {
  csv: 'FORMAT csv, HEADER',
  ndjson: 'FORMAT json',
  parquet: 'FORMAT parquet',
};

/** The real file: 3,000,000 flights, as the package vega-datasets brings them. */
export const realFlights = async (): Promise<Input> => {
  const main = createRequire(path.join(ROOT, 'package.json')).resolve('vega-datasets');
  const file = path.join(path.dirname(main), '..', 'data', 'flights-3m.parquet');
  return { dataset: 'flights', format: 'parquet', dirty: true, file, bytes: (await stat(file)).size };
};

/**
 * A file of about so many megabytes, made by DuckDB unless an earlier run left it. The same rows come out every
 * time; the file's size is met to a few percent, as the sample of rows tells.
 *
 * @param folder where files are kept
 */
export const generate = async (
  dataset: Generated,
  { format, dirty, sizeMb }: { format: Format; dirty: boolean; sizeMb: number },
  folder = path.join(CACHE, 'data'),
): Promise<Input> => {
  const name = `${dataset}-${dirty ? 'dirty' : 'clean'}-${sizeMb}mb-seed${SEED}.${format}`;
  const file = path.join(folder, name);
  if (!existsSync(file)) await writeOnce(file, dataset, { format, dirty, bytes: sizeMb * MB });
  return { dataset, format, dirty, sizeMb, file, bytes: (await stat(file)).size };
};

const writeOnce = async (
  file: string,
  dataset: Generated,
  { format, dirty, bytes }: { format: Format; dirty: boolean; bytes: number },
): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true });
  const scratch = await mkdtemp(path.join(path.dirname(file), 'writing-'));
  const draft = path.join(scratch, 'draft');
  try {
    await withDuckDb({ memoryMb: 2048, threads: 2, scratch }, async (db) => {
      const write = async (rows: number): Promise<number> => {
        const { before, query } = rowsSql(dataset, { format, dirty, rows, seed: SEED });
        await db.run(before);
        await db.run(`COPY (${query}) TO ${literal(draft)} (${OPTIONS[format]})`);
        return (await stat(draft)).size;
      };
      const sample = SAMPLE_ROWS[format];
      await write(Math.max(1, Math.round((bytes * sample) / (await write(sample)))));
    });
    await rename(draft, file);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};
