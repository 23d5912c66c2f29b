import { ident } from '../engine/sql.ts';
import type { Row } from '../engine/values.ts';
import { RUN_COLUMNS, StoredRunRecord } from './run-record.ts';

/** SQL of the columns of `runs`, for a SELECT whose rows `recordOfRow` reads. */
export const RECORD_COLUMNS = Object.entries(RUN_COLUMNS)
  .map(([name, type]) =>
    type === 'TIMESTAMP'
      ? `strftime(${ident(name)}, '%Y-%m-%dT%H:%M:%S.%gZ') AS ${ident(name)}`
      : ident(name),
  )
  .join(', ');

/** Columns that a record may have without a value. */
const NULLABLE = new Set(
  Object.entries(StoredRunRecord.shape).flatMap(([name, schema]) =>
    schema.safeParse(null).success ? [name] : [],
  ),
);

/** The record that a row of the table was made of. Columns that the record did not have are NULL in the row. */
export const recordOfRow = (row: Row): StoredRunRecord =>
  StoredRunRecord.parse(
    Object.fromEntries(
      Object.entries(row).flatMap(([name, value]) =>
        value === null && !NULLABLE.has(name) ? [] : [[name, name === 'scores' ? withValues(value) : value]],
      ),
    ),
  );

/** A struct has all dimensions; a record those that were measured. */
const withValues = (scores: Row[string]): Row[string] =>
  typeof scores === 'object' && scores !== null
    ? Object.fromEntries(Object.entries(scores).filter(([, score]) => score !== null))
    : {};
