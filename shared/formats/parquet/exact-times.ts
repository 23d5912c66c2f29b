import { rm } from 'node:fs/promises';
import path from 'node:path';
import { convertNested } from '../../engine/nested-values.ts';
import { literal } from '../../engine/sql.ts';
import { UnreadableFile } from '../../errors.ts';
import type { Queryable } from '../records/opened-records.ts';
import { isInt96, isTimeOfNanos, isUtcOfNanos, type ParquetColumn } from './columns.ts';
import { copyWithFooter } from './rewrite-footer.ts';

/**
 * DuckDB cuts some times of nanoseconds to microseconds. The path of a file that it reads without a loss: the file
 * itself, or a copy with another footer.
 *
 * @param folder for the copy
 * @throws UnreadableFile when an INT96 column has nanoseconds that are not zero
 */
export const exactFile = async (
  db: Queryable,
  file: string,
  columns: readonly ParquetColumn[],
  folder: string,
): Promise<string> => {
  const isCut = (type: string): boolean => isTimeOfNanos(type) || isUtcOfNanos(type);
  let exact = file;
  if (columns.some(({ leaves }) => leaves.some(isCut))) {
    exact = path.join(folder, 'exact.parquet');
    await copyWithFooter(file, exact, 'nanos');
  }
  await throwIfNanosInInt96(db, exact, columns, folder);
  return exact;
};

const reading = (file: string, name: string, columns: readonly ParquetColumn[]): string =>
  `read_parquet(${literal(file)}, hive_partitioning = false) AS ${name}(${columns.map((_, i) => `c${i}`).join(', ')})`;

/** Stands for a time whose nanoseconds are not zero: no text is likely to hold it. */
const NANOS = 'nanoseconds 1b6f7c58-0c5a-4d0e-9d0b-0a8f5d1f4e61';

const throwIfNanosInInt96 = async (
  db: Queryable,
  file: string,
  columns: readonly ParquetColumn[],
  folder: string,
): Promise<void> => {
  if (!columns.some(({ leaves }) => leaves.some(isInt96))) return;
  const bytes = path.join(folder, 'int96.parquet');
  await copyWithFooter(file, bytes, 'int96');
  const source = reading(bytes, 'source', columns);
  const described = await db.all<{ column_type: string }>(`DESCRIBE SELECT * FROM ${source}`);
  const found = columns.flatMap(({ leaves }, i) => {
    if (!leaves.some(isInt96)) return [];
    const marked = convertNested(`c${i}`, described[i]?.column_type ?? '', (value, { index }) =>
      isInt96(leaves[index] ?? '')
        ? `CASE WHEN ${nanosOfDay(value)} % 1000 <> 0 THEN ${literal(NANOS)} ELSE '' END`
        : undefined,
    );
    return [
      `coalesce(bool_or(contains(CAST(to_json(${marked}) AS VARCHAR), ${literal(NANOS)})), false) AS c${i}`,
    ];
  });
  const [nanos = {}] = await db.all<Record<string, boolean>>(`SELECT ${found.join(', ')} FROM ${source}`);
  await rm(bytes);
  const [column] = columns.filter((_, i) => nanos[`c${i}`]);
  if (column === undefined) return;
  throw new UnreadableFile(
    `Column ${JSON.stringify(column.name)} holds INT96 timestamps with nanoseconds that are not zero, and microseconds are the finest that is read. Write it as TIMESTAMP, and upload the file again.`,
  );
};

/** The first eight of the bytes are a number, of which the lowest byte comes first. */
const nanosOfDay = (bytes: string): string => {
  const pairs = [15, 13, 11, 9, 7, 5, 3, 1].map((at) => `substr(hex(${bytes}), ${at}, 2)`);
  return `CAST('0x' || ${pairs.join(' || ')} AS UBIGINT)`;
};

/**
 * SQL that reads the columns of an exact file as c0, c1, … DuckDB has times of nanoseconds in SQL, but does not read them
 * from Parquet: the copy has timestamps on 1970-01-01 in their place.
 */
export const relationOf = async (
  db: Queryable,
  file: string,
  columns: readonly ParquetColumn[],
): Promise<string> => {
  // Columns are renamed by position: names may hold anything, and may differ in case only.
  const source = reading(file, 'source', columns);
  if (!columns.some(({ leaves }) => leaves.some(isTimeOfNanos))) return `(SELECT * FROM ${source})`;
  const described = await db.all<{ column_type: string }>(`DESCRIBE SELECT * FROM ${source}`);
  const times = columns.flatMap(({ leaves, nested }, i) => {
    if (!leaves.some(isTimeOfNanos)) return [];
    const type = described[i]?.column_type ?? '';
    const converted = convertNested(`c${i}`, type, (value, { index }) =>
      isTimeOfNanos(leaves[index] ?? '') ? clockOf(value, nested) : undefined,
    );
    return [`${converted} AS c${i}`];
  });
  return `(SELECT * REPLACE (${times.join(', ')}) FROM ${source})`;
};

/** Within JSON, a time is spelled as DuckDB spells other times: without zeros at its end. */
const clockOf = (value: string, nested: boolean): string => {
  const clock = `strftime(${value}, '%H:%M:%S.%n')`;
  return nested ? `rtrim(rtrim(${clock}, '0'), '.')` : clock;
};
