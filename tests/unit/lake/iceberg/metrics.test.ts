import path from 'node:path';
import fc from 'fast-check';
import { ident, literal } from '../../../../shared/engine/sql.ts';
import { type Db, withDuckDb } from '../../../../shared/engine/with-duckdb.ts';
import { storedType } from '../../../../shared/lake/iceberg/duckdb-types.ts';
import { evolveSchema } from '../../../../shared/lake/iceberg/evolve.ts';
import { columnMetrics } from '../../../../shared/lake/iceberg/metrics.ts';
import { textOfUnscaled } from '../../../../shared/lake/iceberg/numbers.ts';
import { decodeValue, encodeValue } from '../../../../shared/lake/iceberg/single-value.ts';
import type { ColumnMetrics, PrimitiveType, Schema } from '../../../../shared/lake/iceberg/types.ts';
import { scratch } from '../../../helpers/scratch.ts';

const inDb = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  withDuckDb({ memoryMb: 512, threads: 2, scratch: scratch() }, work);

interface Written {
  count: number;
  column_statistics: Record<string, Record<string, string>>;
}

const schemaOf = (columns: Record<string, string>): Schema =>
  evolveSchema(
    undefined,
    Object.entries(columns).map(([name, type]) => ({ identity: name, name, type, required: false })),
    { where: 'the table', lastColumnId: 0, identifier: [] },
  ).schema;

const measured = async (
  db: Db,
  schema: Schema,
  query: string,
  options: { fullBounds?: ReadonlySet<number>; copy?: string } = {},
): Promise<Record<number, ColumnMetrics>> => {
  const file = path.join(scratch(), 'x.parquet');
  const written = await db.one<Written>(
    `COPY (${query}) TO ${literal(file)} (FORMAT parquet, RETURN_STATS true${options.copy ?? ''})`,
  );
  return columnMetrics(schema, written.column_statistics, written.count, options);
};

/** Metrics of one column that holds these values, given as SQL. */
const ofColumn = (type: string, values: string[], full = false): Promise<ColumnMetrics | undefined> =>
  inDb(async (db) => {
    const rows = values.map((value) => `SELECT CAST(${value} AS ${type}) AS "a ""b"""`).join(' UNION ALL ');
    const options = full ? { fullBounds: new Set([1]) } : {};
    const { 1: found } = await measured(db, schemaOf({ 'a "b"': type }), rows, options);
    const { size, ...rest } = found ?? {};
    expect(size).toBeGreaterThan(0);
    return rest;
  });

const LONG = 'repeat(chr(128512), 20)';
const SMILES = '😀'.repeat(15);

test.each<[string, string[], ColumnMetrics]>([
  ['BOOLEAN', ['true', 'false', 'NULL'], { values: 3, nulls: 1, lower: 'false', upper: 'true' }],
  ['BOOLEAN', ['true'], { values: 1, nulls: 0, lower: 'true', upper: 'true' }],
  ['INTEGER', ['-5', '7'], { values: 2, nulls: 0, lower: '-5', upper: '7' }],
  ['INTEGER', ['NULL'], { values: 1, nulls: 1 }],
  ['DECIMAL(3,3)', ["'-.5'", "'.25'"], { values: 2, nulls: 0, lower: '-.500', upper: '.250' }],
  [
    'DATE',
    ["'0044-03-15 (BC)'", "'infinity'"],
    { values: 2, nulls: 0, lower: '0044-03-15 (BC)', upper: 'infinity' },
  ],
  [
    'TIMESTAMP WITH TIME ZONE',
    ["'2012-01-01 00:00:00+01'", "'1969-12-31 23:59:59.9+00'"],
    { values: 2, nulls: 0, lower: '1969-12-31 23:59:59.9+00', upper: '2011-12-31 23:00:00+00' },
  ],
  ['DOUBLE', ["'1'", "'-inf'"], { values: 2, nulls: 0, nans: 0, lower: '-inf', upper: '1.0' }],
  ['DOUBLE', ["'0'", "'-0.0'"], { values: 2, nulls: 0, nans: 0, lower: '-0.0', upper: '0.0' }],
  ['DOUBLE', ["'-0.0'"], { values: 1, nulls: 0, nans: 0, lower: '-0.0', upper: '0.0' }],
  ['FLOAT', ["'nan'", "'1'"], { values: 2, nulls: 0 }],
  ['FLOAT', ["'nan'"], { values: 1, nulls: 0 }],
  ['VARCHAR', ["''", "'é'"], { values: 2, nulls: 0, lower: '', upper: 'é' }],
  ['VARCHAR', [LONG], { values: 1, nulls: 0, lower: `${SMILES}😀`, upper: `${SMILES}😁` }],
  ['VARCHAR', ['repeat(chr(1114111), 20)'], { values: 1, nulls: 0, lower: '\u{10ffff}'.repeat(16) }],
  ['BLOB', ["'\\xAA\\x00'", "'a'"], { values: 2, nulls: 0, lower: 'a', upper: '\\xAA\\x00' }],
  [
    'BLOB',
    ["'aaaaaaaaaaaaaaa\\x01b'"],
    { values: 1, nulls: 0, lower: 'aaaaaaaaaaaaaaa\\x01', upper: 'aaaaaaaaaaaaaaa\\x02' },
  ],
  ['BLOB', [`unhex('${'ff'.repeat(17)}')`], { values: 1, nulls: 0, lower: '\\xFF'.repeat(16) }],
])('metrics of %s %j', async (type, values, expected) => {
  expect(await ofColumn(type, values)).toEqual(expected);
});

test.each([
  ['VARCHAR', LONG, '😀'.repeat(20)],
  ['VARCHAR', "repeat('a', 256)", 'a'.repeat(256)],
  ['BLOB', "unhex(repeat('ff', 20))", '\\xFF'.repeat(20)],
])('bounds of %s are whole where they are wanted so', async (type, value, text) => {
  expect(await ofColumn(type, [value], true)).toEqual({ values: 1, nulls: 0, lower: text, upper: text });
});

test.each<[string, ColumnMetrics]>([
  ["repeat('a', 257)", { lower: 'a'.repeat(256), upper: `${'a'.repeat(255)}b` }],
  ["'x' || repeat('é', 200)", { lower: `x${'é'.repeat(127)}`, upper: 'y' }],
  ["repeat('é', 200)", {}],
])('DuckDB shortens or omits bounds of text beyond 256 bytes: %s', async (value, bounds) => {
  expect(await ofColumn('VARCHAR', [value], true)).toEqual({ values: 1, nulls: 0, ...bounds });
});

test('nested fields: structs have bounds, what is in lists and maps has counts only', async () => {
  const columns = {
    s: 'STRUCT(x INTEGER, "y""z" VARCHAR)',
    l: 'VARCHAR[]',
    m: 'MAP(VARCHAR, STRUCT(v DOUBLE))',
    b: 'BOOLEAN[][]',
  };
  const found = await inDb((db) =>
    measured(
      db,
      schemaOf(columns),
      `SELECT {'x': 1, 'y"z': 'a'} AS s, ['a', 'b', NULL] AS l, MAP {'k': {'v': 1::DOUBLE}} AS m, [[true]] AS b
       UNION ALL SELECT NULL, [], MAP {}, NULL`,
    ),
  );
  const rest = Object.entries(found).map(([id, { size, ...metrics }]) => {
    expect(size).toBeGreaterThan(0);
    return [Number(id), metrics];
  });
  expect(rest).toEqual([
    [2, { values: 2, nulls: 1, lower: '1', upper: '1' }],
    [3, { values: 2, nulls: 1, lower: 'a', upper: 'a' }],
    [5, { values: 4, nulls: 2 }],
    [7, { values: 2, nulls: 1 }],
    [9, { values: 2, nulls: 1, nans: 0 }],
    [12, { values: 2, nulls: 1 }],
  ]);
});

test('a file of no rows has no bounds', async () => {
  const schema = schemaOf({ a: 'INTEGER' });
  expect(await inDb((db) => measured(db, schema, 'SELECT 1 AS a LIMIT 0'))).toEqual({
    1: { size: 0, values: 0, nulls: 0 },
  });
});

test('columns that the file lacks have no metrics', () => {
  expect(columnMetrics(schemaOf({ a: 'INTEGER' }), {}, 3)).toEqual({});
});

const whole = (least: bigint, most: bigint) => fc.bigInt({ min: least, max: most }).map(String);
const TYPES: Record<string, fc.Arbitrary<string>> = {
  boolean: fc.boolean().map(String),
  int: whole(-(2n ** 31n), 2n ** 31n - 1n),
  long: whole(-(2n ** 63n), 2n ** 63n - 1n),
  float: fc.float({ noNaN: true }).map((value) => bytesText('float', value)),
  double: fc.double({ noNaN: true }).map((value) => bytesText('double', value)),
  'decimal(9, 2)': whole(-999999999n, 999999999n).map((text) => textOfUnscaled(BigInt(text), 9, 2)),
  'decimal(38, 10)': whole(-(10n ** 38n) + 1n, 10n ** 38n - 1n).map((text) =>
    textOfUnscaled(BigInt(text), 38, 10),
  ),
  date: fc.integer({ min: -2147483647, max: 2147483647 }).map((days) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(days);
    return decodeValue('date', bytes);
  }),
  time: fc.bigInt({ min: 0n, max: 86399999999n }).map((micros) => longText('time', micros)),
  timestamp: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }).map((micros) => longText('timestamp', micros)),
  timestamptz: fc
    .bigInt({ min: -(2n ** 62n), max: 2n ** 62n })
    .map((micros) => longText('timestamptz', micros)),
  string: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.string({ unit: 'binary', minLength: 60, maxLength: 150 }),
    fc.string({ unit: fc.constantFrom('a', '\ud7ff', '\u{10ffff}'), minLength: 14, maxLength: 20 }),
  ),
  uuid: fc.uuid(),
  binary: fc
    .oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc
        .array(fc.constantFrom(0, 255), { minLength: 14, maxLength: 20 })
        .map((bytes) => Uint8Array.from(bytes)),
    )
    .map((bytes) => decodeValue('binary', bytes)),
};

const bytesText = (type: 'float' | 'double', value: number): string => {
  const bytes = Buffer.alloc(type === 'float' ? 4 : 8);
  if (type === 'float') bytes.writeFloatLE(value);
  else bytes.writeDoubleLE(value);
  return decodeValue(type, bytes);
};

const longText = (type: PrimitiveType, value: bigint): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return decodeValue(type, bytes);
};

test.each(Object.keys(TYPES) as PrimitiveType[])(
  'every value of a %s lies within its bounds, as DuckDB orders them, after they were bytes',
  async (type) => {
    const schema: Schema = {
      type: 'struct',
      'schema-id': 0,
      fields: [{ id: 1, name: 'v', required: false, type }],
    };
    const values = TYPES[type] ?? fc.constant('');
    await inDb((db) =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.option(values, { freq: 10 }), { minLength: 1, maxLength: 12 }),
          fc.boolean(),
          async (texts, full) => {
            const sql = storedType(type);
            const rows = texts.map((text) => `(${text === null ? 'NULL' : literal(text)})`).join(', ');
            await db.run(
              `CREATE OR REPLACE TABLE t AS SELECT CAST(v AS ${sql}) AS v FROM (VALUES ${rows}) AS r(v)`,
            );
            const { 1: found = {} } = await measured(
              db,
              schema,
              'FROM t',
              full ? { fullBounds: new Set([1]) } : {},
            );
            expect(found.nulls).toBe(texts.filter((text) => text === null).length);
            if (found.nulls === texts.length) return;
            // DuckDB has no bounds of some long text.
            if (!['string', 'binary'].includes(type)) expect(found.lower).toBeDefined();
            const bound = (text: string | undefined): string => {
              const bytes = text === undefined ? undefined : encodeValue(type, text);
              if (text !== undefined) expect(bytes).toBeDefined();
              return bytes === undefined ? 'NULL' : `CAST(${literal(decodeValue(type, bytes))} AS ${sql})`;
            };
            const outside = await db.one<{ rows: number }>(
              `SELECT count(*) AS rows FROM t WHERE v < ${bound(found.lower)} OR v > ${bound(found.upper)}`,
            );
            expect(outside.rows).toBe(0);
          },
        ),
        { numRuns: 60 },
      ),
    );
  },
);

test('bounds are those of all row groups', async () => {
  const schema = schemaOf({ i: 'BIGINT', s: 'VARCHAR', b: 'BOOLEAN' });
  const found = await inDb((db) =>
    measured(
      db,
      schema,
      `SELECT range AS ${ident('i')}, 'k' || lpad(range::VARCHAR, 6, '0') AS s, range = 9000 AS b FROM range(10000)`,
      { copy: ', ROW_GROUP_SIZE 2048' },
    ),
  );
  expect([1, 2, 3].map((id) => [found[id]?.lower, found[id]?.upper, found[id]?.values])).toEqual([
    ['0', '9999', 10000],
    ['k000000', 'k009999', 10000],
    ['false', 'true', 10000],
  ]);
});
