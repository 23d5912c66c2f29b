import type { LogicalType } from './model.ts';

const INTEGERS: Readonly<Record<string, string>> = {
  i8: 'TINYINT',
  i16: 'SMALLINT',
  i32: 'INTEGER',
  i64: 'BIGINT',
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  u64: 'UBIGINT',
};

const SIMPLE = {
  string: 'VARCHAR',
  date: 'DATE',
  time: 'TIME',
  boolean: 'BOOLEAN',
  object: 'JSON',
  array: 'JSON',
} as const;

const DECIMAL = /^(?:decimal|numeric)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)$/i;

export interface TypeHints {
  physicalType?: string | undefined;
  /** `logicalTypeOptions.format` of integers and numbers. */
  format?: string | undefined;
  /** `logicalTypeOptions.timezone` of timestamps. */
  timezone?: boolean | undefined;
}

/**
 * The DuckDB type of a column in silver. An integer without a format is a BIGINT, wider than the i32 of the standard, so
 * that no valid value is rejected. Timestamps are UTC. `physicalType` is used only if it is the DECIMAL(p, s) of a
 * number: types of other systems do not apply to this lake.
 *
 * @returns undefined if `physicalType` is a DECIMAL that DuckDB does not have
 */
export const silverType = (logicalType: LogicalType, hints: TypeHints): string | undefined => {
  switch (logicalType) {
    case 'integer':
      return INTEGERS[hints.format ?? 'i64'];
    case 'number':
      if (/^\s*(?:decimal|numeric)/i.test(hints.physicalType ?? '')) return decimal(hints.physicalType ?? '');
      return hints.format === 'f32' ? 'FLOAT' : 'DOUBLE';
    case 'timestamp':
      return hints.timezone === true ? 'TIMESTAMP WITH TIME ZONE' : 'TIMESTAMP';
    default:
      return SIMPLE[logicalType];
  }
};

const decimal = (physicalType: string): string | undefined => {
  const match = DECIMAL.exec(physicalType.trim());
  if (match === null) return undefined;
  const precision = Number(match[1]);
  const scale = Number(match[2] ?? 0);
  return precision >= 1 && precision <= 38 && scale <= precision
    ? `DECIMAL(${precision},${scale})`
    : undefined;
};
