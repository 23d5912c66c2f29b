import { STRING_FORMATS } from '../../shared/contract/string-formats.ts';
import { ident, literal } from '../../shared/engine/sql.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import { parseText, presentText } from '../../shared/stages/validate/typed-value.ts';
import { MISSING_MARKERS, nativeReading, READINGS, type Reading, reading } from './readings.ts';

/** The facts about one column, from all rows of a file. */
export interface ColumnProfile {
  sourceName: string;
  name: string;
  reading: Reading & { physicalType?: string };
  /** Other formats or decimal separators that fit every value too. */
  ambiguous: string[];
  /** Rows that have a value. */
  filled: number;
  /** Values that are not of the type. */
  misfits: number;
  /** Number of different values: exact where there are few or nearly as many as rows, else an estimate. */
  distinct: number;
  /** The named format of strings that the values have. */
  stringFormat?: string;
  smallest?: string;
  largest?: string;
  /** Characters of the longest text. */
  longest: number;
  /** The values that occur in more than one row, the most frequent first, if the column has few different values. */
  values?: string[];
  /** The values that occur in one row only, if the column has few different values: probably slips. */
  rare: string[];
  /** Texts in the column that look like "no value". */
  markers: string[];
}

/** The share of values that may not fit a reading: they count as dirt. */
const MAX_DIRT = 0.05;
/** Values on which a reading is tried first, to save reading all rows for one that cannot fit. */
const SAMPLE_VALUES = 2_000;
/** A set of values is small when it has at most this many, and each occurs in ROWS_PER_VALUE rows on average. */
const MAX_SMALL_SET = 12;
const ROWS_PER_VALUE = 8;

interface SourceColumn extends Pick<ColumnProfile, 'sourceName' | 'name'> {
  /** The type that DuckDB gave it. */
  type: string;
  /** Whether it holds texts, even if they look like objects or lists. */
  isText: boolean;
}

/** @param column its name in the table `draft` */
export const profileColumn = async (
  db: Db,
  column: string,
  { type, isText, sourceName, name }: SourceColumn,
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
  const facts = await factsOf(db, { text, present, ...(isOrdered(chosen) && { ordered: typed }) });
  const { filled } = facts;
  const set = await smallSet(db, present, filled, facts.about);
  const exact = set?.length ?? (await exactDistinct(db, present, filled, facts.about));
  const format = chosen.logicalType === 'string' ? await stringFormat(db, present, filled) : undefined;
  return {
    sourceName,
    name,
    reading: chosen,
    ambiguous: otherMeanings(
      chosen,
      fitting.slice(1).filter((other) => other.misfits === misfits),
    ),
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

const isNumeric = ({ logicalType }: Reading): boolean =>
  logicalType === 'integer' || logicalType === 'number';

const pointOf = ({ column }: Reading): string => column.separators?.decimal ?? '.';

/** The readings by which the values would mean something else, in words. */
const otherMeanings = (chosen: Reading, others: readonly Reading[]): string[] => {
  if (!isNumeric(chosen))
    return others
      .filter(({ logicalType }) => logicalType === chosen.logicalType)
      .flatMap(({ format }) => format ?? []);
  // Digits alone mean the same whatever separates them.
  if (chosen.logicalType === 'integer' && chosen.column.separators === undefined) return [];
  const differs = others.some((other) => isNumeric(other) && pointOf(other) !== pointOf(chosen));
  return differs ? [pointOf(chosen) === '.' ? 'a decimal comma' : 'a decimal point'] : [];
};

interface Facts {
  filled: number;
  /** Estimated number of different values. */
  about: number;
  smallest: string | null;
  largest: string | null;
  longest: number | null;
  markers: string[] | null;
}

/** SQL of a column's values: as text, as text or NULL for "no value", and typed where the type has an order. */
interface ValueSql {
  text: string;
  present: string;
  ordered?: string;
}

const factsOf = async (db: Db, { text, present, ordered }: ValueSql): Promise<Facts> => {
  const bound = (name: 'min' | 'max'): string =>
    ordered === undefined ? 'NULL' : `CAST(${name}(${ordered}) AS VARCHAR)`;
  return await db.one<Facts>(`
    SELECT count(${present}) AS filled, approx_count_distinct(${present}) AS about,
      ${bound('min')} AS smallest, ${bound('max')} AS largest,
      max(length(${present})) AS longest,
      list_sort(list(DISTINCT trim(${text})) FILTER (trim(${text}) IN (${MISSING_MARKERS.map(literal).join(', ')}))) AS markers
    FROM draft`);
};

const isNestedType = (type: Reading['logicalType']): boolean => type === 'object' || type === 'array';

const isOrdered = ({ logicalType }: Reading): boolean =>
  ['integer', 'number', 'date', 'timestamp', 'time'].includes(logicalType);

/** The readings that fit all values except a little dirt, the best one first. */
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
      // 007 is a code, not a number: as a number it would lose its zeros.
      const padded = (row.padded ?? 0) > 0 && ['integer', 'number'].includes(each.logicalType);
      return fits === 0 || padded || present - fits > present * MAX_DIRT
        ? []
        : [{ ...each, misfits: present - fits }];
    });
  };
  const sample = `(FROM draft WHERE trim(${text}) <> '' LIMIT ${SAMPLE_VALUES})`;
  const likely = await measure(all, sample);
  const fitting = await measure(likely, 'draft');
  return fitting.toSorted((a, b) => a.misfits - b.misfits);
};

/** The values with their numbers of rows, the most frequent first; undefined when they are no small set. */
const smallSet = async (
  db: Db,
  present: string,
  filled: number,
  about: number,
): Promise<{ v: string; n: number }[] | undefined> => {
  if (about > MAX_SMALL_SET * 2) return undefined;
  const values = await db.all<{ v: string; n: number }>(
    `SELECT ${present} AS v, count(*) AS n FROM draft WHERE v IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT ${MAX_SMALL_SET + 1}`,
  );
  return values.length <= MAX_SMALL_SET && filled >= values.length * ROWS_PER_VALUE ? values : undefined;
};

/** Counting exactly is expensive: it is done only for a column that might be a key. The estimate is a few percent off. */
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

/** The named format that nearly all values have. Hostnames are left out: most single words are valid ones. */
const stringFormat = async (db: Db, present: string, filled: number): Promise<string | undefined> => {
  const formats = Object.entries(STRING_FORMATS).filter(([name]) => name !== 'hostname');
  const { hits } = await db.one<{ hits: number[] }>(
    `SELECT list_value(${formats.map(([, pattern]) => `count_if(regexp_matches(${present}, ${literal(pattern)}))`).join(', ')}) AS hits FROM draft`,
  );
  const found = formats.findIndex((_, i) => filled > 0 && (hits[i] ?? 0) >= filled * (1 - MAX_DIRT));
  return formats[found]?.[0];
};
