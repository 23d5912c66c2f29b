import { strptimeFromJdk } from '../../shared/contract/jdk-date-format.ts';
import type { Column, LogicalType } from '../../shared/contract/model.ts';
import { silverType } from '../../shared/contract/silver-type.ts';
import type { Separators } from '../../shared/contract/text-forms.ts';
import { isExactNumber, isInteger, isNumber } from '../../shared/engine/type-names.ts';

/** One way to read a column: a type, as a contract would declare it. */
export interface Reading {
  logicalType: LogicalType;
  /** A date pattern in JDK letters, as in ODCS; absent for ISO 8601. */
  format?: string;
  /** The column of the contract that the pipeline would read by. */
  column: Column;
}

/** Texts that often mark a missing value. */
export const MISSING_MARKERS = [
  'N/A',
  'n/a',
  'NA',
  '#N/A',
  'null',
  'NULL',
  'Null',
  'None',
  'none',
  'NaN',
  'nan',
  '-',
  '--',
  '?',
];

const DATES = [
  'dd/MM/yyyy',
  'MM/dd/yyyy',
  'dd.MM.yyyy',
  'dd-MM-yyyy',
  'MM-dd-yyyy',
  'yyyy/MM/dd',
  'yyyy.MM.dd',
  'dd/MM/yy',
  'MM/dd/yy',
  'dd.MM.yy',
  'MMM dd yyyy',
  'MMM dd, yyyy',
  'dd MMM yyyy',
  'dd-MMM-yyyy',
  'dd-MMM-yy',
  'MMMM dd, yyyy',
  'dd MMMM yyyy',
];
const CLOCKS = ['HH:mm', 'HH:mm:ss', 'HH:mm:ss.SSS', 'hh:mm a', 'hh:mm:ss a'];

export const reading = (logicalType: LogicalType, format?: string): Reading => {
  const column: Column = {
    name: 'v',
    identity: 'v',
    sourceName: 'v',
    logicalType,
    silverType: silverType(logicalType, {}) ?? 'VARCHAR',
    required: false,
    unique: false,
    missingValues: logicalType === 'string' ? [] : MISSING_MARKERS,
    constraints: { patterns: [] },
  };
  if (format === undefined) return { logicalType, column };
  const converted = strptimeFromJdk(format, logicalType === 'date' ? 'date' : 'timestamp');
  if ('problem' in converted) throw new RangeError(`${format}: ${converted.problem}`);
  return { logicalType, format, column: { ...column, strptime: converted.strptime } };
};

const separated = (logicalType: 'integer' | 'number', separators: Separators): Reading => {
  const plain = reading(logicalType);
  return { ...plain, column: { ...plain.column, separators } };
};

/** The ways to write thousands that are tried, each with the decimal separator that goes with it. */
const GROUPED: readonly Separators[] = [
  { decimal: '.', thousands: ',' },
  { decimal: ',', thousands: '.' },
  { decimal: ',', thousands: ' \u00a0\u202f' },
  { decimal: '.', thousands: "'\u2019" },
];

/** Narrower readings first: of two that fit equally well the first one wins. */
export const READINGS: readonly Reading[] = [
  reading('integer'),
  reading('number'),
  ...GROUPED.map((separators) => separated('integer', separators)),
  separated('number', { decimal: ',' }),
  ...GROUPED.map((separators) => separated('number', separators)),
  reading('boolean'),
  reading('date'),
  reading('time'),
  reading('object'),
  reading('array'),
  ...DATES.map((format) => reading('date', format)),
  reading('timestamp'),
  ...DATES.flatMap((date) => CLOCKS.map((clock) => reading('timestamp', `${date} ${clock}`))),
];

/** The reading of a typed source column (Parquet); undefined for text, whose values decide. */
export const nativeReading = (type: string): (Reading & { physicalType?: string }) | undefined => {
  if (isInteger(type)) return reading('integer');
  if (isExactNumber(type)) return { ...reading('number'), physicalType: type.replace(',', ', ') };
  if (isNumber(type)) return reading('number');
  if (/^TIMESTAMP/.test(type)) return reading('timestamp');
  if (/\[\d*\]$/.test(type)) return reading('array');
  if (/^(STRUCT|MAP)/.test(type)) return reading('object');
  if (type === 'BOOLEAN') return reading('boolean');
  if (type === 'DATE') return reading('date');
  if (type === 'TIME') return reading('time');
  return undefined;
};
