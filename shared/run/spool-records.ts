import { appendFile, writeFile } from 'node:fs/promises';
import { batchesOf, inParallel } from '../base/in-parallel.ts';
import { ident, literal } from '../engine/sql.ts';
import { TableDamaged } from '../errors.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { parseRunRecord, RUN_COLUMNS, type StoredRunRecord } from './run-record.ts';

/** Records that are held in memory at a time, each about a kilobyte. */
const BATCH = 1_000;
const MAX_READS = 32;

export interface Spooled {
  /** Keys of the objects whose records are in the file. Objects that are gone are in neither list. */
  keys: string[];
  damaged: TableDamaged[];
}

/** Collects the run records of objects in a new file of JSON lines, for DuckDB, in bounded memory. */
export const spoolRecords = async (
  store: ObjectStore,
  keys: readonly string[],
  file: string,
): Promise<Spooled> => {
  const spooled: Spooled = { keys: [], damaged: [] };
  await writeFile(file, '');
  for (const batch of batchesOf(keys, BATCH)) {
    const read = await inParallel(batch, (key) => readRecord(store, key), MAX_READS);
    const lines = read.flatMap((found, at) => {
      if (found === undefined) return [];
      if (found instanceof TableDamaged) {
        spooled.damaged.push(found);
        return [];
      }
      spooled.keys.push(batch[at] ?? '');
      return [`${JSON.stringify(found)}\n`];
    });
    await appendFile(file, lines.join(''));
  }
  return spooled;
};

/** The record of an object, or why it is none; undefined if the object is gone. */
export const readRecord = async (
  store: ObjectStore,
  key: string,
): Promise<StoredRunRecord | TableDamaged | undefined> => {
  const body = await store.read(key);
  if (body === undefined) return undefined;
  try {
    return parseRunRecord(String(body), `${store.name}/${key}`);
  } catch (error) {
    if (error instanceof TableDamaged) return error;
    throw error;
  }
};

/** SQL of a FROM clause over the records of a spooled file, with the columns of `runs`. */
export const spooledSql = (file: string): string => {
  const types = Object.entries(RUN_COLUMNS).map(([name, type]) => `${ident(name)}: ${literal(type)}`);
  return `FROM read_json(${literal(file)}, format = 'newline_delimited', columns = {${types.join(', ')}})`;
};

/** SQL of a condition that keeps the last record of each run, for a SELECT over records. */
export const LAST_OF_RUN = 'QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY finished_at DESC) = 1';
