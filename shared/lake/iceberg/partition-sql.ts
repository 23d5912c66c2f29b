import { bucketSql } from './bucket.ts';
import { civilFromDays, dateOfDays, INFINITE_DAYS, INFINITE_MICROS, MICROS_PER_DAY } from './calendar.ts';
import { storedType } from './duckdb-types.ts';
import { textOfUnscaled } from './numbers.ts';
import { decimalOf } from './schema.ts';
import { partsOf } from './transforms.ts';
import type { PrimitiveType, Transform } from './types.ts';

/**
 * DuckDB SQL of a partition value (specification, "Partition Transforms"), in the DuckDB type of the transform's result.
 * NULL gives NULL. The SQL repeats the expression, so pass a column. Buckets call functions that `registerTransforms`
 * registers.
 */
export const transformSql = (transform: Transform, expression: string, source: PrimitiveType): string => {
  const { kind, number } = partsOf(transform);
  switch (kind) {
    case 'bucket':
      return bucketSql(expression, source, number);
    case 'truncate':
      return truncateSql(expression, source, number);
    case 'year':
    case 'month':
    case 'day':
      return timeSql(kind, expression, source);
    case 'void':
      return `CAST(NULL AS ${storedType(source)})`;
    default:
      return expression;
  }
};

const truncateSql = (value: string, source: PrimitiveType, width: number): string => {
  if (source === 'string') return `substring(${value}, 1, ${width})`;
  if (source === 'binary') return `unhex(left(hex(${value}), ${2 * width}))`;
  const decimal = decimalOf(source);
  if (decimal === undefined) {
    const least = source === 'int' ? '-2147483648' : '(-9223372036854775807 - 1)';
    return floorSql(`CAST(${value} AS BIGINT)`, `CAST(${width} AS BIGINT)`, least, source);
  }
  // The width of a decimal is in units of its last digit.
  const { precision, scale } = decimal;
  const exact = (unscaled: bigint) =>
    `CAST('${textOfUnscaled(unscaled, 38, scale)}' AS DECIMAL(38, ${scale}))`;
  const least = exact(1n - 10n ** BigInt(precision));
  return floorSql(`CAST(${value} AS DECIMAL(38, ${scale}))`, exact(BigInt(width)), least, source);
};

/**
 * The largest multiple of the width that is not above the value. If that would be below the type's least value, the result
 * is the least value, which keeps the order.
 */
const floorSql = (value: string, width: string, least: string, source: PrimitiveType): string => {
  const remainder = `(${value} % ${width})`;
  return `CAST(CASE WHEN ${remainder} >= 0 THEN ${value} - ${remainder} WHEN ${value} < ${least} + (${remainder} + ${width}) THEN ${least} ELSE ${value} - (${remainder} + ${width}) END AS ${storedType(source)})`;
};

const timeSql = (kind: 'year' | 'month' | 'day', expression: string, source: PrimitiveType): string => {
  if (kind === 'day' && source === 'date') return expression;
  const value = source === 'timestamptz' ? `((${expression}) AT TIME ZONE 'UTC')` : `(${expression})`;
  const type = source === 'date' ? 'DATE' : 'TIMESTAMP';
  const [most, least] = INFINITE[type];
  const finite = {
    year: `CAST(year(${value}) - 1970 AS INTEGER)`,
    month: `CAST((year(${value}) - 1970) * 12 + month(${value}) - 1 AS INTEGER)`,
    day: `CAST(${value} AS DATE)`,
  };
  // DuckDB has no year, month or day of an infinite date. Other readers use the day that it is stored as.
  return `(CASE ${value} WHEN ${type} 'infinity' THEN ${partOfDays(kind, most)} WHEN ${type} '-infinity' THEN ${partOfDays(kind, least)} ELSE ${finite[kind]} END)`;
};

const dayOfMicros = (micros: bigint): number =>
  Number(micros / MICROS_PER_DAY) - (micros % MICROS_PER_DAY < 0n ? 1 : 0);

/** Days since 1970 of `infinity` and `-infinity`. */
const INFINITE: Record<'DATE' | 'TIMESTAMP', [number, number]> = {
  DATE: [INFINITE_DAYS, -INFINITE_DAYS],
  TIMESTAMP: [dayOfMicros(INFINITE_MICROS), dayOfMicros(-INFINITE_MICROS)],
};

const partOfDays = (kind: 'year' | 'month' | 'day', days: number): string => {
  const { year, month } = civilFromDays(days);
  if (kind === 'day') return `DATE '${dateOfDays(days)}'`;
  return String(kind === 'year' ? year - 1970 : (year - 1970) * 12 + month - 1);
};
