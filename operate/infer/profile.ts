import { STRING_FORMATS } from '../../shared/contract/string-formats.ts';
import { ident, literal, pointerTo } from '../../shared/engine/sql.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import type { OpenedSource } from '../../shared/formats/records/opened-source.ts';
import { parseText, presentText, textOfBytes } from '../../shared/stages/validate/typed-value.ts';
import { columnNames } from './names.ts';
import { MISSING_MARKERS, nativeReading, READINGS, type Reading, reading } from './readings.ts';

/** Facts about one column, from all rows of a file. */
export interface ColumnProfile {
  sourceName: string;
  name: string;
  reading: Reading & { physicalType?: string };
  /** Other formats that every value fits as well. */
  ambiguous: string[];
  /** Rows that have a value. */
  filled: number;
  /** The number of values that are not of the type. */
  misfits: number;
  /** The number of different values: exact where there are few, or almost as many as rows; else estimated. */
  distinct: number;
  /** A named format of strings that the values have. */
  stringFormat?: string;
  smallest?: string;
  largest?: string;
  /** Characters of the longest text. */
  longest: number;
  /** All values that stand in more than one row, the most frequent one first; undefined where they are many. */
  values?: string[];
  /** Values that stand in a single row where there are few values: probably typing errors. */
  rare: string[];
  /** Texts in it that look like "no value". */
  markers: string[];
}

export interface SourceProfile {
  format: string;
  rows: number;
  malformed: number;
  columns: ColumnProfile[];
}

/** The share of values that may not fit a reading: they are assumed to be wrong data. */
const DIRT = 0.05;
/** Readings are tried on this many values first, so that few of them need all rows. */
const SAMPLE = 2_000;
/** A set is small when it has at most `SMALL_SET` values, each of them in `ROWS_PER_VALUE` rows on average. */
const SMALL_SET = 12;
const ROWS_PER_VALUE = 8;

/** Profiles every column by all rows. Copies the source into DuckDB once, because it is read many times. */
export const profileSource = async (db: Db, source: OpenedSource): Promise<SourceProfile> => {
  const relation = source.shape === 'columns' ? source.relation : objectsIn(source.relation);
  const sourceNames = source.shape === 'columns' ? source.columns : await documentKeys(db, relation);
  const given = source.shape === 'columns' ? await db.describe(`SELECT * FROM ${source.relation}`) : [];
  const expressions = sourceNames.map((name, i) =>
    source.shape === 'columns'
      ? asRead(`c${i}`, given[i]?.type)
      : `json_extract_string(doc, ${literal(pointerTo(name))})`,
  );
  await db.run(
    `CREATE TEMP TABLE draft AS SELECT ${expressions.map((sql, i) => `${sql} AS c${i}`).join(', ')} FROM ${relation}`,
  );
  const { rows } = await db.one<{ rows: number }>('SELECT count(*) AS rows FROM draft');
  const isText = source.shape === 'columns' ? [] : await holdsJsonAsText(db, relation, sourceNames);
  const types = await db.describe('FROM draft');
  const names = columnNames(sourceNames);
  const columns: ColumnProfile[] = [];
  for (const [i, sourceName] of sourceNames.entries())
    columns.push(
      await profileColumn(db, `c${i}`, {
        type: types[i]?.type ?? 'VARCHAR',
        isText: isText[i] ?? false,
        sourceName,
        name: names[i] ?? '',
      }),
    );
  const malformed = (source.malformed?.count ?? 0) + source.records - rows;
  return { format: source.format, rows, malformed, columns };
};

/** The records that are objects: Validate rejects all others, whatever the contract says. */
const objectsIn = (relation: string): string =>
  `(SELECT doc FROM ${relation} WHERE coalesce(TRY(json_type(doc)) = 'OBJECT', false))`;

/** For each key, whether values that look like objects or lists are mostly texts: Validate reads those as text. */
const holdsJsonAsText = async (db: Db, relation: string, keys: readonly string[]): Promise<boolean[]> => {
  if (keys.length === 0) return [];
  const shares = keys.map((key) => {
    const pointer = literal(pointerTo(key));
    return `count_if(json_type(doc, ${pointer}) = 'VARCHAR' AND regexp_matches(json_extract_string(doc, ${pointer}), '^\\s*[{[]')) > count_if(json_type(doc, ${pointer}) IN ('OBJECT', 'ARRAY'))`;
  });
  const { texts } = await db.one<{ texts: boolean[] }>(
    `SELECT [${shares.join(', ')}] AS texts FROM ${relation}`,
  );
  return texts;
};

/** A column of Parquet as Validate reads it: bytes as UTF-8, times in UTC as times. */
const asRead = (column: string, type: string | undefined): string => {
  if (type === 'BLOB') return textOfBytes(column);
  return type === 'TIME WITH TIME ZONE' ? `CAST(${column} AS TIME)` : column;
};

/** The keys of the documents, in their most common order. */
const documentKeys = async (db: Db, relation: string): Promise<string[]> => {
  const keys = await db.all<{ key: string }>(`
    WITH keys AS (SELECT json_keys(doc) AS keys FROM ${relation}),
    positions AS (SELECT unnest(keys) AS key, generate_subscripts(keys, 1) AS position FROM keys)
    SELECT key FROM positions GROUP BY key ORDER BY median(position), key`);
  return keys.map(({ key }) => key);
};

interface Read extends Pick<ColumnProfile, 'sourceName' | 'name'> {
  /** DuckDB's type. */
  type: string;
  /** Whether values are texts even where they look like objects or lists. */
  isText: boolean;
}

const profileColumn = async (
  db: Db,
  column: string,
  { type, isText, sourceName, name }: Read,
): Promise<ColumnProfile> => {
  const native = nativeReading(type);
  const text = `CAST(${ident(column)} AS VARCHAR)`;
  const readings = isText ? READINGS.filter(({ logicalType }) => !isNestedType(logicalType)) : READINGS;
  const fitting =
    native === undefined ? await fittingReadings(db, text, readings) : [{ ...native, misfits: 0 }];
  const [best = { ...reading('string'), misfits: 0 }] = fitting;
  const { misfits, ...chosen } = best;
  const present = native === undefined ? presentText(text, chosen.column) : text;
  const typed = native === undefined ? parseText(present, chosen.column) : ident(column);
  const facts = await db.one<{
    filled: number;
    about: number;
    smallest: string | null;
    largest: string | null;
    longest: number | null;
    markers: string[] | null;
  }>(`
    SELECT count(${present}) AS filled, approx_count_distinct(${present}) AS about,
      ${isOrdered(chosen) ? `CAST(min(${typed}) AS VARCHAR) AS smallest, CAST(max(${typed}) AS VARCHAR) AS largest` : 'NULL AS smallest, NULL AS largest'},
      max(length(${present})) AS longest,
      list_sort(list(DISTINCT trim(${text})) FILTER (trim(${text}) IN (${MISSING_MARKERS.map(literal).join(', ')}))) AS markers
    FROM draft`);
  const { filled } = facts;
  const set = await smallSet(db, present, filled, facts.about);
  const exact = set?.length ?? (await exactDistinct(db, present, filled, facts.about));
  const format = chosen.logicalType === 'string' ? await stringFormat(db, present, filled) : undefined;
  return {
    sourceName,
    name,
    reading: chosen,
    ambiguous: fitting
      .slice(1)
      .filter((other) => other.misfits === misfits && other.logicalType === chosen.logicalType)
      .flatMap((other) => other.format ?? []),
    filled,
    misfits,
    distinct: exact ?? facts.about,
    longest: facts.longest ?? 0,
    markers: facts.markers ?? [],
    ...(format !== undefined && { stringFormat: format }),
    ...(facts.smallest !== null && { smallest: facts.smallest }),
    ...(facts.largest !== null && { largest: facts.largest }),
    ...(set !== undefined && { values: set.filter(({ n }) => n > 1).map(({ v }) => v) }),
    rare: set?.filter(({ n }) => n === 1).map(({ v }) => v) ?? [],
  };
};

const isNestedType = (type: Reading['logicalType']): boolean => type === 'object' || type === 'array';

const isOrdered = ({ logicalType }: Reading): boolean =>
  ['integer', 'number', 'date', 'timestamp', 'time'].includes(logicalType);

/** The readings that nearly all values fit, the best one first. */
const fittingReadings = async (
  db: Db,
  text: string,
  all: readonly Reading[],
): Promise<(Reading & { misfits: number })[]> => {
  const measure = async (readings: readonly Reading[], from: string) => {
    if (readings.length === 0) return [];
    const counts = readings.map(({ column }, i) => {
      const present = presentText(text, column);
      return `count(${present}) AS p${i}, count(${parseText(present, column)}) AS f${i}`;
    });
    const row = await db.one<Record<string, number>>(
      `SELECT count_if(regexp_matches(trim(${text}), '^[+-]?0[0-9]')) AS padded, ${counts.join(', ')} FROM ${from}`,
    );
    return readings.flatMap((each, i) => {
      const [present = 0, fits = 0] = [row[`p${i}`], row[`f${i}`]];
      // 007 is not read as a number: it would lose its zeros.
      const padded = (row.padded ?? 0) > 0 && ['integer', 'number'].includes(each.logicalType);
      return fits === 0 || padded || present - fits > present * DIRT
        ? []
        : [{ ...each, misfits: present - fits }];
    });
  };
  const sample = `(FROM draft WHERE trim(${text}) <> '' LIMIT ${SAMPLE})`;
  const likely = await measure(all, sample);
  const fitting = await measure(likely, 'draft');
  return fitting.toSorted((a, b) => a.misfits - b.misfits);
};

const smallSet = async (
  db: Db,
  present: string,
  filled: number,
  about: number,
): Promise<{ v: string; n: number }[] | undefined> => {
  if (about > SMALL_SET * 2) return undefined;
  const values = await db.all<{ v: string; n: number }>(
    `SELECT ${present} AS v, count(*) AS n FROM draft WHERE v IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT ${SMALL_SET + 1}`,
  );
  return values.length <= SMALL_SET && filled >= values.length * ROWS_PER_VALUE ? values : undefined;
};

/** Counts exactly only where the column may be a key, because that is slow. The estimate is a few percent off. */
const exactDistinct = async (
  db: Db,
  present: string,
  filled: number,
  about: number,
): Promise<number | undefined> => {
  if (about < filled * 0.8) return undefined;
  const { n } = await db.one<{ n: number }>(`SELECT count(DISTINCT ${present}) AS n FROM draft`);
  return n;
};

const stringFormat = async (db: Db, present: string, filled: number): Promise<string | undefined> => {
  const formats = Object.entries(STRING_FORMATS).filter(([name]) => name !== 'hostname');
  const { hits } = await db.one<{ hits: number[] }>(
    `SELECT list_value(${formats.map(([, pattern]) => `count_if(regexp_matches(${present}, ${literal(pattern)}))`).join(', ')}) AS hits FROM draft`,
  );
  const found = formats.findIndex((_, i) => filled > 0 && (hits[i] ?? 0) >= filled * (1 - DIRT));
  return formats[found]?.[0];
};
