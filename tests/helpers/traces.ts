import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { withScratch } from '../../shared/engine/scratch.ts';
import { literal } from '../../shared/engine/sql.ts';
import { withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { decodeAvro } from '../../shared/lake/iceberg/avro-file.ts';
import { scratch as newFolder } from './scratch.ts';

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

/**
 * The files of a lake that hold a text: in their bytes, or, where these are compressed, in the rows and statistics of
 * Parquet and in the records of Avro.
 */
export const tracesOf = async (lake: string, text: string): Promise<string[]> => {
  const found: string[] = [];
  await withScratch(newFolder(), (scratch) =>
    withDuckDb({ memoryMb: 512, threads: 1, scratch }, async (db) => {
      for (const file of filesBelow(lake)) {
        const body = readFileSync(file);
        let content = `${file}\n${body.toString('latin1')}`;
        if (file.endsWith('.parquet')) {
          const rows = await db.all<{ row: string }>(
            `SELECT CAST(to_json(t) AS VARCHAR) AS row FROM read_parquet(${literal(file)}, hive_partitioning = false) AS t`,
          );
          const metadata = await db.all<{ row: string }>(
            `SELECT CAST(to_json(t) AS VARCHAR) AS row FROM parquet_metadata(${literal(file)}) AS t`,
          );
          content += JSON.stringify([rows, metadata]);
        }
        if (file.endsWith('.avro')) content += JSON.stringify(await decodeAvro(body), readableBytes);
        if (content.includes(text)) found.push(path.relative(lake, file));
      }
    }),
  );
  return found.toSorted();
};

/** Bounds in manifests are bytes. */
const readableBytes = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value);
  if (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'Buffer' &&
    'data' in value
  )
    return Buffer.from(value.data as number[]).toString('latin1');
  return value;
};
