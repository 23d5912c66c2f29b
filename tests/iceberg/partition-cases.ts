export interface PartitionCase {
  transform: string;
  /** The type of the column `v` in the contract. */
  type: string;
  values: readonly string[];
  /** The number of files for the values. */
  files: number;
  /** Row filters that PyIceberg and DuckDB both understand, and the number of files that each needs. */
  filters: Readonly<Record<string, number>>;
}

const TIMESTAMP = 'logicalType: timestamp';
const INSTANT = 'logicalType: timestamp, logicalTypeOptions: { timezone: true }';
const DATE = 'logicalType: date';
const INTEGER = 'logicalType: integer';
const STRING = 'logicalType: string';
const DECIMAL = 'logicalType: number, physicalType: "DECIMAL(9,2)"';

const NUMBERS = Array.from({ length: 40 }, (_, i) => String(i - 20));
const TIMES = ['1969-12-31T23:59:59', '1970-01-01T00:00:00', '2024-02-29T12:00:00', '2024-03-01T00:00:00'];

export const CASES: readonly PartitionCase[] = [
  {
    transform: 'year',
    type: DATE,
    values: ['1969-12-31', '1970-01-01', '2024-02-29', '2024-12-31', ''],
    files: 4,
    filters: { "v >= '2024-01-01'": 1, "v < '1970-01-01'": 1, 'v is null': 1, "v = '2024-06-01'": 1 },
  },
  {
    transform: 'month',
    type: DATE,
    values: ['1969-11-30', '1969-12-01', '2024-02-29', '2024-03-01', '2024-03-31'],
    files: 4,
    filters: { "v >= '2024-03-01'": 1, "v < '1969-12-01'": 1, "v = '2024-02-29'": 1 },
  },
  {
    transform: 'day',
    type: DATE,
    values: ['1969-12-31', '2024-02-29', '2024-03-01', ''],
    files: 4,
    filters: { "v = '2024-02-29'": 1, "v < '1970-01-01'": 1, 'v is not null': 3 },
  },
  {
    transform: 'year',
    type: TIMESTAMP,
    values: [...TIMES, ''],
    files: 4,
    filters: { "v >= '2024-03-01T00:00:00'": 1, "v < '1970-01-01T00:00:00'": 1 },
  },
  {
    transform: 'month',
    type: TIMESTAMP,
    values: [...TIMES, '2024-03-31T23:59:59.999999'],
    files: 4,
    filters: { "v >= '2024-03-01T00:00:00'": 1, "v = '1969-12-31T23:59:59'": 1 },
  },
  {
    transform: 'day',
    type: TIMESTAMP,
    values: [...TIMES, '2024-03-01T23:59:59.999999'],
    files: 4,
    filters: { "v > '2024-03-01T12:00:00'": 1, "v <= '1969-12-31T23:59:59'": 1 },
  },
  {
    transform: 'day',
    type: INSTANT,
    values: ['2024-03-01T00:30:00+01:00', '2024-03-01T00:30:00Z', '1969-12-31T23:59:59.999999Z', ''],
    files: 4,
    filters: { "v < '2024-03-01T00:00:00+00:00'": 2, "v >= '2024-03-01T00:00:00+00:00'": 1 },
  },
  {
    transform: 'bucket[4]',
    type: INTEGER,
    values: NUMBERS,
    files: 4,
    filters: { 'v = 7': 1, 'v = -20': 1 },
  },
  {
    transform: 'bucket[4]',
    type: `${INTEGER}, logicalTypeOptions: { format: i32 }`,
    values: NUMBERS,
    files: 4,
    filters: { 'v = 7': 1, 'v = -1': 1 },
  },
  {
    transform: 'bucket[3]',
    type: STRING,
    values: [...NUMBERS.map((n) => `näme ${n}`), ''],
    files: 4,
    filters: { "v = 'näme 7'": 1, 'v is null': 1 },
  },
  {
    transform: 'bucket[3]',
    type: DECIMAL,
    values: NUMBERS.map((n) => `${n}.25`),
    files: 3,
    filters: { 'v = 7.25': 1 },
  },
  {
    transform: 'bucket[3]',
    type: DATE,
    values: NUMBERS.map((_, i) => `2024-01-${String((i % 28) + 1).padStart(2, '0')}`),
    files: 3,
    filters: { "v = '2024-01-07'": 1 },
  },
  {
    transform: 'bucket[3]',
    type: TIMESTAMP,
    values: NUMBERS.map((_, i) => `2024-01-01T00:00:${String(i).padStart(2, '0')}.5`),
    files: 3,
    filters: { "v = '2024-01-01T00:00:07.500000'": 1 },
  },
  {
    transform: 'bucket[3]',
    type: 'logicalType: time',
    values: NUMBERS.map((_, i) => `00:00:${String(i).padStart(2, '0')}`),
    files: 3,
    filters: { "v = '00:00:07'": 1 },
  },
  {
    transform: 'truncate[2]',
    type: STRING,
    values: ['ab1', 'ab2', 'a', 'äöü', '😀😀x', '😀😀y', 'b c', '_', ''],
    files: 7,
    filters: {
      "v = 'ab1'": 1,
      "v = 'äöü'": 1,
      "v = '😀😀x'": 1,
      "v = 'a'": 1,
      "v = 'b c'": 1,
      'v is null': 1,
    },
  },
  {
    transform: 'truncate[10]',
    type: INTEGER,
    values: NUMBERS,
    files: 4,
    filters: { 'v = 7': 1, 'v < -10': 1, 'v >= 10': 1, 'v = -1': 1 },
  },
  {
    transform: 'truncate[50]',
    type: DECIMAL,
    values: ['0.49', '0.50', '-0.01', '-0.50', '-0.51', ''],
    files: 5,
    filters: { 'v = 0.49': 1, 'v < -0.50': 1 },
  },
  {
    transform: 'identity',
    type: DECIMAL,
    values: ['0.49', '-0.01', '1234567.89', ''],
    files: 4,
    filters: { 'v = 0.49': 1, 'v < 0': 1, 'v is null': 1 },
  },
  {
    transform: 'identity',
    type: 'logicalType: boolean',
    values: ['true', 'false', ''],
    files: 3,
    filters: { 'v = true': 1, 'v = false': 1 },
  },
  {
    transform: 'identity',
    type: STRING,
    values: ['a/b', 'a=b', 'a%2Fb', "it's", 'ä ö', '..', 'NULL', ''],
    files: 8,
    filters: {
      "v = 'a/b'": 1,
      "v = 'a%2Fb'": 1,
      "v = 'ä ö'": 1,
      "v = '..'": 1,
      "v = 'NULL'": 1,
      'v is null': 1,
    },
  },
  {
    transform: 'identity',
    type: TIMESTAMP,
    values: [...TIMES, '2024-03-01T00:00:00.000001'],
    files: 5,
    filters: { "v = '2024-03-01T00:00:00.000001'": 1, "v < '1970-01-01T00:00:00'": 1 },
  },
  {
    transform: 'identity',
    type: INSTANT,
    values: ['2024-03-01T00:30:00+01:00', '2024-03-01T00:30:00Z'],
    files: 2,
    filters: { "v < '2024-03-01T00:00:00+00:00'": 1 },
  },
  {
    transform: 'identity',
    type: 'logicalType: time',
    values: ['00:00', '23:59:59.999999', ''],
    files: 3,
    filters: { "v = '00:00:00'": 1, "v > '23:00:00'": 1 },
  },
];
