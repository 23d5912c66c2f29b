import path from 'node:path';
import { ident, literal } from '../../../../shared/engine/sql.ts';
import { type Db, withDuckDb } from '../../../../shared/engine/with-duckdb.ts';
import {
  fieldIds,
  icebergTypeOf,
  readSchema,
  storedType,
} from '../../../../shared/lake/iceberg/duckdb-types.ts';
import { evolveSchema } from '../../../../shared/lake/iceberg/evolve.ts';
import type { Field, Schema, UnassignedType } from '../../../../shared/lake/iceberg/types.ts';
import { scratch } from '../../../helpers/scratch.ts';

const inDb = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  withDuckDb({ memoryMb: 512, threads: 2, scratch: scratch() }, work);

const list = (element: UnassignedType): UnassignedType => ({ type: 'list', element });

describe('types as DuckDB names them', () => {
  test.each<[string, UnassignedType | undefined]>([
    ['BOOLEAN', 'boolean'],
    ['TINYINT', 'int'],
    ['USMALLINT', 'int'],
    ['INTEGER', 'int'],
    ['UINTEGER', 'long'],
    ['BIGINT', 'long'],
    ['UBIGINT', 'decimal(20, 0)'],
    ['FLOAT', 'float'],
    ['DOUBLE', 'double'],
    ['DECIMAL(5,1)', 'decimal(5, 1)'],
    ['DATE', 'date'],
    ['TIME', 'time'],
    ['TIMESTAMP_NS', 'timestamp'],
    ['TIMESTAMP_S', 'timestamp'],
    ['TIMESTAMP WITH TIME ZONE', 'timestamptz'],
    ['VARCHAR', 'string'],
    ['JSON', 'string'],
    ['UUID', 'uuid'],
    ['BLOB', 'binary'],
    ["ENUM('a', 'b''c', ',)', '')", 'string'],
    ['VARCHAR[]', list('string')],
    ['INTEGER[3][]', list(list('int'))],
    ["ENUM('x')[]", list('string')],
    ['MAP(VARCHAR, DECIMAL(5,1)[])', { type: 'map', key: 'string', value: list('decimal(5, 1)') }],
    [
      'STRUCT(a INTEGER, "b c" TIMESTAMP WITH TIME ZONE[], "d""e" MAP(INTEGER, STRUCT(x INTEGER)[]), "(" DATE, "map" DATE)',
      {
        type: 'struct',
        fields: [
          { name: 'a', type: 'int' },
          { name: 'b c', type: list('timestamptz') },
          {
            name: 'd"e',
            type: {
              type: 'map',
              key: 'int',
              value: list({ type: 'struct', fields: [{ name: 'x', type: 'int' }] }),
            },
          },
          { name: '(', type: 'date' },
          { name: 'map', type: 'date' },
        ],
      },
    ],
    ['HUGEINT', undefined],
    ['UHUGEINT', undefined],
    ['INTERVAL', undefined],
    ['TIME WITH TIME ZONE', undefined],
    ['BIT', undefined],
    ['UNION(a INTEGER, b VARCHAR)', undefined],
    ['STRUCT(INTEGER, INTEGER)', undefined],
    ['STRUCT(a INTERVAL)', undefined],
    ['MAP(VARCHAR, INTERVAL)', undefined],
    ['HUGEINT[]', undefined],
  ])('%s', async (name, type) => {
    const columns = await inDb((db) =>
      db.describe(name.startsWith('STRUCT(INTEGER') ? 'SELECT row(1, 2)' : `SELECT CAST(NULL AS ${name})`),
    );
    expect(columns[0]?.type).toBe(name);
    expect(icebergTypeOf(name)).toEqual(type);
  });

  test.each([
    '',
    'NOPE',
    'INTEGER x',
    'STRUCT(a INTEGER',
    'INTEGER[',
    'MAP(VARCHAR)',
    'ENUM(',
    '"NULL"',
    'toString',
  ])('%j is not a type', (name) => {
    expect(icebergTypeOf(name)).toBeUndefined();
  });
});

const COLUMNS = {
  id: 'BIGINT',
  "it's": 'INTEGER[3]',
  's "q"': 'STRUCT(x INTEGER, "y z" VARCHAR[], n STRUCT(d DATE))',
  m: 'MAP(VARCHAR, STRUCT(v DOUBLE))',
  ll: 'VARCHAR[][]',
};

const schemaOf = (columns: Record<string, string>): Schema =>
  evolveSchema(
    undefined,
    Object.entries(columns).map(([name, type]) => ({ identity: name, name, type, required: false })),
    { where: 'the table', lastColumnId: 0, identifier: [] },
  ).schema;

const write = async (db: Db, query: string, schema: Schema): Promise<string> => {
  const file = path.join(scratch(), 'x.parquet');
  const columns = schema.fields.map(
    ({ name, type }) => `CAST(${ident(name)} AS ${storedType(type)}) AS ${ident(name)}`,
  );
  await db.run(
    `COPY (SELECT ${columns.join(', ')} FROM (${query})) TO ${literal(file)} (FORMAT parquet, FIELD_IDS ${fieldIds(schema)})`,
  );
  return file;
};

const row = (columns: Record<string, string>): string =>
  `SELECT ${Object.entries(columns)
    .map(([name, type]) => `CAST(NULL AS ${type}) AS ${ident(name)}`)
    .join(', ')}`;

test('all field ids are written, nested ones too', async () => {
  const schema = schemaOf(COLUMNS);
  const ids = await inDb(async (db) => {
    const file = await write(db, row(COLUMNS), schema);
    return await db.all<{ name: string; field_id: number }>(
      `SELECT name, field_id FROM parquet_schema(${literal(file)}) WHERE field_id IS NOT NULL`,
    );
  });
  expect(ids.map(({ name, field_id }) => `${field_id} ${name}`)).toEqual([
    '1 id',
    "2 it's",
    '3 element',
    '4 s "q"',
    '5 x',
    '6 y z',
    '7 element',
    '8 n',
    '9 d',
    '10 m',
    '11 key',
    '12 value',
    '13 v',
    '14 ll',
    '15 element',
    '16 element',
  ]);
});

test('stored values are read back with the same type', async () => {
  const schema = schemaOf(COLUMNS);
  const types = await inDb(async (db) => {
    const file = await write(db, row(COLUMNS), schema);
    return (await db.describe(`SELECT * FROM ${literal(file)}`)).map(({ type }) => icebergTypeOf(type));
  });
  expect(types).toEqual(schema.fields.map(({ type }) => icebergTypeOf(storedType(type))));
});

test('fields are read by id: renamed, widened, moved and absent ones', async () => {
  const schema = schemaOf({
    a: 'INTEGER',
    b: 'VARCHAR',
    s: 'STRUCT(x INTEGER, y VARCHAR)',
    f: 'FLOAT',
    d: 'DECIMAL(5,1)',
  });
  const wanted: Field[] = [
    { id: 99, name: "n'w", required: false, type: 'date' },
    { id: 2, name: 'a', required: false, type: 'string' },
    { id: 1, name: 'b', required: false, type: 'long' },
    {
      id: 3,
      name: 's',
      required: false,
      type: {
        type: 'struct',
        fields: [
          { id: 98, name: 'w', required: false, type: 'int' },
          { id: 4, name: 'x', required: false, type: 'long' },
        ],
      },
    },
    { id: 6, name: 'f', required: false, type: 'double' },
    { id: 7, name: 'd', required: false, type: 'decimal(9, 1)' },
  ];
  const rows = await inDb(async (db) => {
    const file = await write(
      db,
      "SELECT 1 AS a, 'x' AS b, {'x': 2, 'y': 'z'} AS s, 0.5 AS f, 1.5 AS d",
      schema,
    );
    return await db.all(
      `SELECT * EXCLUDE (filename) FROM read_parquet([${literal(file)}], schema = ${readSchema(wanted)}, filename = true, file_row_number = true)`,
    );
  });
  expect(rows).toEqual([
    { "n'w": null, a: 'x', b: 1, s: { w: null, x: 2 }, f: 0.5, d: '1.5', file_row_number: 0 },
  ]);
});
