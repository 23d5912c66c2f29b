export interface Column {
  name: string;
  /** The type in the contract, or in the gold model's header. */
  declared: string;
  iceberg: string;
  /** One value per file: as the file has it for a contract, as SQL for a model. Empty or NULL means no value. */
  values: readonly [string, string, string];
  /** Comparisons that PyIceberg and DuckDB both understand, and the number of rows for which each is true. */
  filters?: Readonly<Record<string, number>>;
}

const integer = (format: string): string => `logicalType: integer, logicalTypeOptions: { format: ${format} }`;

/** All types that a column of a contract can have. */
export const SILVER: readonly Column[] = [
  {
    name: 'n',
    declared: 'logicalType: integer, primaryKey: true, partitioned: true',
    iceberg: 'long',
    values: ['1', '2', '3'],
  },
  {
    ...{ name: 'i8', declared: integer('i8'), iceberg: 'int', values: ['-128', '127', ''] },
    filters: { 'i8 = -128': 1, 'i8 > 126': 1, 'i8 is null': 1 },
  },
  {
    ...{ name: 'i16', declared: integer('i16'), iceberg: 'int', values: ['-32768', '32767', ''] },
    filters: { 'i16 < 0': 1 },
  },
  {
    ...{ name: 'i32', declared: integer('i32'), iceberg: 'int', values: ['-2147483648', '2147483647', '0'] },
    filters: { 'i32 = -2147483648': 1, 'i32 = 2147483647': 1, 'i32 = 0': 1 },
  },
  {
    name: 'i64',
    declared: integer('i64'),
    iceberg: 'long',
    values: ['-9223372036854775808', '9223372036854775807', '-1'],
    filters: { 'i64 = -9223372036854775808': 1, 'i64 = 9223372036854775807': 1, 'i64 < 0': 2 },
  },
  {
    ...{ name: 'u8', declared: integer('u8'), iceberg: 'int', values: ['0', '255', ''] },
    filters: { 'u8 = 255': 1 },
  },
  {
    ...{ name: 'u16', declared: integer('u16'), iceberg: 'int', values: ['0', '65535', ''] },
    filters: { 'u16 = 65535': 1 },
  },
  {
    ...{ name: 'u32', declared: integer('u32'), iceberg: 'long', values: ['0', '4294967295', ''] },
    filters: { 'u32 = 4294967295': 1 },
  },
  {
    name: 'u64',
    declared: integer('u64'),
    iceberg: 'decimal(20, 0)',
    values: ['0', '18446744073709551615', '256'],
    filters: { 'u64 = 18446744073709551615': 1, 'u64 < 1000': 2 },
  },
  {
    name: 'f32',
    declared: 'logicalType: number, logicalTypeOptions: { format: f32 }',
    iceberg: 'float',
    values: ['-0.0', '3.4e38', '1.5'],
    filters: { 'f32 = 1.5': 1, 'f32 = 0.0': 1, 'f32 > 1000.0': 1 },
  },
  {
    ...{
      name: 'f64',
      declared: 'logicalType: number',
      iceberg: 'double',
      values: ['-1e-300', '1e308', '0.1'],
    },
    filters: { 'f64 = 0.1': 1, 'f64 < 0.0': 1, 'f64 > 1000.0': 1 },
  },
  {
    name: 'd4',
    declared: 'logicalType: number, physicalType: "DECIMAL(4,2)"',
    iceberg: 'decimal(4, 2)',
    values: ['-99.99', '0.01', '1.28'],
    filters: { 'd4 = -99.99': 1, 'd4 = 1.28': 1, 'd4 > 1.00': 1 },
  },
  {
    name: 'd38',
    declared: 'logicalType: number, physicalType: "DECIMAL(38,10)"',
    iceberg: 'decimal(38, 10)',
    values: ['-9999999999999999999999999999.9999999999', '9999999999999999999999999999.0000000001', ''],
    filters: { 'd38 < 0': 1, 'd38 > 0': 1, 'd38 is null': 1 },
  },
  {
    ...{ name: 'flag', declared: 'logicalType: boolean', iceberg: 'boolean', values: ['true', 'false', ''] },
    filters: { 'flag = true': 1, 'flag = false': 1 },
  },
  {
    name: 'text',
    declared: 'logicalType: string',
    iceberg: 'string',
    values: ['"quoted ""and"" 😀 \\"', `${'ü'.repeat(40)}end`, ''],
    filters: { "text > 'u'": 1, "text like 'ü%'": 1 },
  },
  {
    ...{ name: 'day', declared: 'logicalType: date', iceberg: 'date' },
    values: ['0001-01-01', '1969-12-31', '9999-12-31'],
    filters: { "day = '0001-01-01'": 1, "day = '1969-12-31'": 1, "day > '2000-01-01'": 1 },
  },
  {
    ...{ name: 'moment', declared: 'logicalType: timestamp', iceberg: 'timestamp' },
    values: ['0001-01-01T00:00:00', '1969-12-31T23:59:59.999999', '9999-12-31T23:59:59.999999'],
    filters: { "moment = '1969-12-31T23:59:59.999999'": 1, "moment > '2000-01-01T00:00:00'": 1 },
  },
  {
    name: 'instant',
    declared: 'logicalType: timestamp, logicalTypeOptions: { timezone: true }',
    iceberg: 'timestamptz',
    values: ['2024-01-01T00:00:00+02:00', '1969-12-31T23:59:59.999999Z', ''],
    filters: { "instant = '2023-12-31T22:00:00+00:00'": 1 },
  },
  {
    ...{
      name: 'clock',
      declared: 'logicalType: time',
      iceberg: 'time',
      values: ['00:00', '23:59:59.999999', ''],
    },
    filters: { "clock = '00:00:00'": 1, "clock > '12:00:00'": 1 },
  },
  {
    ...{ name: 'document', declared: 'logicalType: object', iceberg: 'string' },
    values: ['"{""a"": [1, null]}"', '"{}"', ''],
  },
  { name: 'list', declared: 'logicalType: array', iceberg: 'string', values: ['"[1, 2]"', '"[]"', ''] },
];

/** Further types that a gold model can declare. */
export const GOLD: readonly Column[] = [
  { name: 'n', declared: 'BIGINT', iceberg: 'long', values: ['1', '2', '3'] },
  {
    name: 'pairs',
    declared: 'MAP(VARCHAR, VARCHAR)',
    iceberg: 'map<string, string>',
    values: ["MAP {'a': 'x', 'ä': NULL}", 'MAP {}', 'NULL'],
  },
  {
    name: 'nested',
    declared: 'STRUCT("a b" INTEGER, inside STRUCT(c VARCHAR[], d DECIMAL(38,10)))',
    iceberg:
      'struct<$: optional int, $: optional struct<$: optional list<string>, $: optional decimal(38, 10)>>',
    values: [
      "{'a b': 1, 'inside': {'c': ['x', NULL, ''], 'd': -0.0000000001}}",
      "{'a b': NULL, 'inside': NULL}",
      'NULL',
    ],
  },
  {
    name: 'lists',
    declared: 'DECIMAL(18,3)[][]',
    iceberg: 'list<list<decimal(18, 3)>>',
    values: ['[[1.5, NULL], NULL, []]', '[]', 'NULL'],
  },
  {
    name: 'by_day',
    declared: 'MAP(DATE, STRUCT(n UBIGINT, moment TIMESTAMP WITH TIME ZONE)[])',
    iceberg: 'map<date, list<struct<$: optional decimal(20, 0), $: optional timestamptz>>>',
    values: [
      "MAP {DATE '1969-12-31': [{'n': 18446744073709551615, 'moment': TIMESTAMPTZ '2024-01-01 00:00:00+02'}, NULL]}",
      'MAP {}',
      'NULL',
    ],
  },
  {
    name: 'd38',
    declared: 'DECIMAL(38,10)',
    iceberg: 'decimal(38, 10)',
    values: ["'-9999999999999999999999999999.9999999999'", "'0.0000000001'", 'NULL'],
    filters: { 'd38 < 0': 1, 'd38 > 0': 1 },
  },
  {
    name: 'instant',
    declared: 'TIMESTAMP WITH TIME ZONE',
    iceberg: 'timestamptz',
    values: ["'2024-01-01 00:00:00+02'", "'1969-12-31 23:59:59.999999Z'", 'NULL'],
    filters: { "instant = '2023-12-31T22:00:00+00:00'": 1 },
  },
  {
    name: 'uuid',
    declared: 'UUID',
    iceberg: 'uuid',
    values: ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", 'NULL'],
  },
  {
    name: 'bytes',
    declared: 'BLOB',
    iceberg: 'binary',
    values: ["'\\x00\\xFF\\x27'::BLOB", "''::BLOB", 'NULL'],
  },
  {
    name: 'u64',
    declared: 'UBIGINT',
    iceberg: 'decimal(20, 0)',
    values: ['18446744073709551615', '0', 'NULL'],
    filters: { 'u64 = 18446744073709551615': 1, 'u64 = 0': 1 },
  },
  {
    name: 'f64',
    declared: 'DOUBLE',
    iceberg: 'double',
    values: ["'nan'", "'-inf'", '0'],
    filters: { 'f64 < 0.0': 1, 'f64 = 0.0': 1 },
  },
  {
    name: 'f32',
    declared: 'FLOAT',
    iceberg: 'float',
    values: ["'nan'", "'inf'", '-1.5'],
    filters: { 'f32 < 0.0': 1 },
  },
  { name: 'json', declared: 'JSON', iceberg: 'string', values: [`'{"a": [1, "ü"]}'`, "'null'", 'NULL'] },
  {
    name: 'i8',
    declared: 'TINYINT',
    iceberg: 'int',
    values: ['-128', '127', 'NULL'],
    filters: { 'i8 = 127': 1 },
  },
];
