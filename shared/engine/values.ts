import {
  DuckDBMapType,
  DuckDBMapValue,
  type DuckDBValueConverter,
  type Json,
  JsonDuckDBValueConverter,
} from '@duckdb/node-api';

export type { Json } from '@duckdb/node-api';
export type Row = Record<string, Json>;

/**
 * Converts DuckDB's values to JSON, so that they can be printed and passed on. Integers of 64 bits and more become
 * numbers if a number holds them exactly, else decimal text. DECIMAL, dates and times become text (ISO-like, UTC). MAP
 * becomes an object whose keys are text.
 */
export const toJson: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (typeof value === 'bigint') return safeInteger(value);
  if (value instanceof DuckDBMapValue && type instanceof DuckDBMapType)
    return Object.fromEntries(
      value.entries.map((entry) => [
        String(converter(entry.key, type.keyType, converter)),
        converter(entry.value, type.valueType, converter),
      ]),
    );
  return JsonDuckDBValueConverter(value, type, converter);
};

const safeInteger = (value: bigint): number | string =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
