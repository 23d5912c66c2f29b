import { silverType } from '../../../contract/silver-type.ts';
import { icebergTypeOf } from '../../../lake/iceberg/duckdb-types.ts';

/** Spellings that people use, with DuckDB's name of the type. They are not replaced inside nested types. */
const SPELLINGS: Readonly<Record<string, string>> = {
  TEXT: 'VARCHAR',
  STRING: 'VARCHAR',
  INT: 'INTEGER',
  LONG: 'BIGINT',
  BOOL: 'BOOLEAN',
  REAL: 'FLOAT',
  'DOUBLE PRECISION': 'DOUBLE',
  DATETIME: 'TIMESTAMP',
  TIMESTAMPTZ: 'TIMESTAMP WITH TIME ZONE',
};

const DECIMAL = /^(?:decimal|numeric)\s*\([^()]*\)$/i;

/**
 * A gold header's `physicalType` under the name that DuckDB's DESCRIBE gives it, since types are compared by those
 * names: `decimal(38, 2)` is `DECIMAL(38,2)`. Undefined when there is no such type, or when a table cannot hold it.
 * Types inside a nested type must be written as DESCRIBE writes them.
 */
export const declaredType = (physicalType: string): string | undefined => {
  const text = physicalType.trim().replaceAll(/\s+/g, ' ');
  const word = text.toUpperCase();
  const type = DECIMAL.test(text)
    ? silverType('number', { physicalType: text })
    : (SPELLINGS[word] ?? (/^[A-Z_ ]+$/.test(word) ? word : text));
  // Iceberg's types are found by name alone, so the number of digits is checked here.
  const decimals =
    text.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'/g, '').match(/\bdecimal\s*\([^()]*\)/gi) ?? [];
  const exist = decimals.every((decimal) => silverType('number', { physicalType: decimal }) !== undefined);
  return type !== undefined && exist && icebergTypeOf(type) !== undefined ? type : undefined;
};
