import { SchemaIncompatible } from '../../../../shared/errors.ts';
import {
  type Evolved,
  type EvolveOptions,
  evolveSchema,
  UnsupportedTypes,
  type WantedColumn,
} from '../../../../shared/lake/iceberg/evolve.ts';
import { findField } from '../../../../shared/lake/iceberg/schema.ts';
import type { Field } from '../../../../shared/lake/iceberg/types.ts';

const column = (name: string, type: string, more: Partial<WantedColumn> = {}): WantedColumn => ({
  identity: name,
  name,
  type,
  required: false,
  ...more,
});

const options = (more: Partial<EvolveOptions> = {}): EvolveOptions => ({
  where: 'silver table "t"',
  lastColumnId: 0,
  identifier: [],
  ...more,
});

const first = (...wanted: WantedColumn[]): Evolved => evolveSchema(undefined, wanted, options());

const next = (base: Evolved, wanted: WantedColumn[], more: Partial<EvolveOptions> = {}): Evolved =>
  evolveSchema(base, wanted, options({ lastColumnId: base.lastColumnId, ...more }));

const shown = ({ schema }: Evolved): string[] =>
  schema.fields.map(
    ({ id, name, required, type }) =>
      `${id} ${name} ${typeof type === 'string' ? type : type.type}${required ? ' required' : ''}`,
  );

const message = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof SchemaIncompatible || error instanceof UnsupportedTypes
      ? error.message
      : String(error);
  }
  return 'no error';
};

test('a new table has the wanted columns, and an id for every field', () => {
  const made = first(
    column('a', 'BIGINT', { required: true, doc: 'A number.' }),
    column('s', 'STRUCT(x INTEGER, l VARCHAR[])'),
    column('m', 'MAP(VARCHAR, DOUBLE)'),
  );
  expect(made).toEqual({
    schema: {
      type: 'struct',
      'schema-id': 0,
      fields: [
        { id: 1, name: 'a', required: true, type: 'long', doc: 'A number.' },
        {
          id: 2,
          name: 's',
          required: false,
          type: {
            type: 'struct',
            fields: [
              { id: 3, name: 'x', required: false, type: 'int' },
              {
                id: 4,
                name: 'l',
                required: false,
                type: { type: 'list', 'element-id': 5, 'element-required': false, element: 'string' },
              },
            ],
          },
        },
        {
          id: 6,
          name: 'm',
          required: false,
          type: {
            type: 'map',
            'key-id': 7,
            key: 'string',
            'value-id': 8,
            'value-required': false,
            value: 'double',
          },
        },
      ],
    },
    columnIds: { a: 1, s: 2, m: 6 },
    lastColumnId: 8,
  });
});

describe('columns change', () => {
  const base = first(
    column('a', 'INTEGER', { required: true }),
    column('b', 'VARCHAR', { required: true }),
    column('c', 'DECIMAL(5,1)'),
  );

  test.each<[string, WantedColumn[], string[], number]>([
    [
      'not at all',
      [
        column('a', 'INTEGER', { required: true }),
        column('b', 'VARCHAR', { required: true }),
        column('c', 'DECIMAL(5,1)'),
      ],
      ['1 a int required', '2 b string required', '3 c decimal(5, 1)'],
      3,
    ],
    [
      'by a new one, which is optional though the contract requires it: older rows lack it',
      [column('a', 'INTEGER', { required: true }), column('n', 'DATE', { required: true })],
      ['1 a int required', '4 n date'],
      4,
    ],
    ['by dropping', [column('b', 'VARCHAR')], ['2 b string'], 3],
    ['by a new name', [column('z', 'INTEGER', { identity: 'a', required: true })], ['1 z int required'], 3],
    [
      'by swapped names',
      [column('b', 'INTEGER', { identity: 'a' }), column('a', 'VARCHAR', { identity: 'b' })],
      ['1 b int', '2 a string'],
      3,
    ],
    [
      'by their order',
      [column('c', 'DECIMAL(5,1)'), column('a', 'INTEGER')],
      ['3 c decimal(5, 1)', '1 a int'],
      3,
    ],
    [
      'by widening',
      [column('a', 'BIGINT', { required: true }), column('c', 'DECIMAL(38,1)')],
      ['1 a long required', '3 c decimal(38, 1)'],
      3,
    ],
    ['from unsigned to wider', [column('a', 'UINTEGER')], ['1 a long'], 3],
    ['from required to optional', [column('a', 'INTEGER')], ['1 a int'], 3],
    ['never to required', [column('c', 'DECIMAL(5,1)', { required: true })], ['3 c decimal(5, 1)'], 3],
  ])('%s', (_, wanted, fields, last) => {
    const evolved = next(base, wanted);
    expect(shown(evolved)).toEqual(fields);
    expect(evolved.lastColumnId).toBe(last);
    expect(next(base, wanted)).toEqual(evolved);
  });

  test('a dropped column comes back as a new one, with an id that was never used', () => {
    const without = next(base, [column('a', 'INTEGER')]);
    expect(without.columnIds).toEqual({ a: 1 });
    expect(shown(next(without, [column('a', 'INTEGER'), column('b', 'VARCHAR')]))).toEqual([
      '1 a int',
      '4 b string',
    ]);
  });

  test('a name of JavaScript’s own is a name like any other', () => {
    const evolved = next(base, [column('__proto__', 'DATE'), column('constructor', 'DATE')]);
    expect(shown(evolved)).toEqual(['4 __proto__ date', '5 constructor date']);
    expect(shown(next(evolved, [column('__proto__', 'DATE')]))).toEqual(['4 __proto__ date']);
  });

  test('the number of the schema stays for the caller to change', () => {
    const numbered = { ...base, schema: { ...base.schema, 'schema-id': 7 } };
    expect(next(numbered, [column('a', 'INTEGER')]).schema['schema-id']).toBe(7);
  });
});

describe('nested fields change by their names', () => {
  const base = first(
    column('s', 'STRUCT(x INTEGER, y VARCHAR)'),
    column('l', 'STRUCT(x FLOAT)[]'),
    column('m', 'MAP(VARCHAR, STRUCT(v DECIMAL(5,1)))'),
  );
  const fieldsOf = (evolved: Evolved, id: number): string[] => {
    const type = findField(evolved.schema, id)?.type;
    const fields: Field[] = typeof type === 'object' && type.type === 'struct' ? type.fields : [];
    return fields.map((field) => `${field.id} ${field.name} ${String(field.type)}`);
  };

  test('added, dropped, moved and widened, in structs, lists and maps', () => {
    const evolved = next(base, [
      column('s', 'STRUCT(n DATE, x BIGINT)'),
      column('l', 'STRUCT(x DOUBLE, n DATE)[]'),
      column('m', 'MAP(VARCHAR, STRUCT(v DECIMAL(6,1)))'),
    ]);
    expect([1, 5, 9].map((id) => fieldsOf(evolved, id))).toEqual([
      ['11 n date', '2 x long'],
      ['6 x double', '12 n date'],
      ['10 v decimal(6, 1)'],
    ]);
    expect(evolved.lastColumnId).toBe(12);
  });

  test.each([
    ['s', 'STRUCT(x VARCHAR, y VARCHAR)', 'column "s.x" is int in the table, wanted is string'],
    [
      's',
      'STRUCT(z DATE)',
      'column "s" is struct<x: int, y: string> in the table, wanted is struct<z: date>',
    ],
    ['s', 'INTEGER', 'column "s" is struct<x: int, y: string> in the table, wanted is int'],
    ['l', 'STRUCT(x DATE)[]', 'column "l.element.x" is float in the table, wanted is date'],
    [
      'l',
      'MAP(VARCHAR, VARCHAR)',
      'column "l" is list<struct<x: float>> in the table, wanted is map<string, string>',
    ],
    [
      'm',
      'MAP(BLOB, STRUCT(v DECIMAL(5,1)))',
      'column "m" is map<string, struct<v: decimal(5, 1)>> in the table, wanted is map<binary, struct<v: decimal(5, 1)>>',
    ],
    [
      'm',
      'MAP(VARCHAR, STRUCT(v DECIMAL(5,2)))',
      'column "m.value.v" is decimal(5, 1) in the table, wanted is decimal(5, 2)',
    ],
  ])('%s cannot become %s', (name, type, said) => {
    expect(message(() => next(base, [column(name, type)]))).toContain(said);
  });

  test('a name in other letters is the same field: DuckDB does not tell them apart', () => {
    expect(fieldsOf(next(base, [column('s', 'STRUCT(Y VARCHAR, x INTEGER)')]), 1)).toEqual([
      '3 Y string',
      '2 x int',
    ]);
  });

  test('a dropped member comes back with its former id: DuckDB would find its old values by the name', () => {
    const without = next(base, [column('s', 'STRUCT(y VARCHAR)')]);
    const history = [base.schema, without.schema];
    const back = next(without, [column('s', 'STRUCT(y VARCHAR, x BIGINT, n DATE)')], { history });
    expect(fieldsOf(back, 1)).toEqual(['3 y string', '2 x long', '11 n date']);
    expect(message(() => next(without, [column('s', 'STRUCT(y VARCHAR, x DATE)')], { history }))).toContain(
      'column "s.x" is int in the table, wanted is date',
    );
  });
});

test('a struct shares a field with those of all files: DuckDB cannot read others', () => {
  const one = first(column('s', 'STRUCT(x INTEGER)'));
  const both = next(one, [column('s', 'STRUCT(x INTEGER, y DATE)')]);
  const history = [one.schema, both.schema];
  expect(message(() => next(both, [column('s', 'STRUCT(y DATE)')], { history }))).toContain(
    'wanted is struct<y: date>',
  );
});

describe('columns that cannot change are named', () => {
  const base = first(
    column('a', 'BIGINT'),
    column('b', 'DOUBLE'),
    column('c', 'DECIMAL(9,2)'),
    column('d', 'DATE'),
  );

  test.each([
    ['a', 'INTEGER'],
    ['a', 'UBIGINT'],
    ['a', 'VARCHAR'],
    ['b', 'FLOAT'],
    ['c', 'DECIMAL(8,2)'],
    ['c', 'DECIMAL(12,3)'],
    ['d', 'TIMESTAMP'],
    ['d', 'VARCHAR[]'],
  ])('%s to %s', (name, type) => {
    expect(() => next(base, [column(name, type)])).toThrow(SchemaIncompatible);
  });

  test('all of it, with what would be needed', () => {
    expect(
      message(() =>
        next(base, [
          column('z', 'INTEGER', { identity: 'a' }),
          column('b', 'DOUBLE'),
          column('c', 'VARCHAR'),
        ]),
      ),
    ).toBe(
      'silver table "t": the table\'s data cannot take the wanted types: column "z" is long in the table, wanted is int; column "c" is decimal(9, 2) in the table, wanted is string. A column can only become wider: int to long, float to double, a decimal more digits at the same scale; a map\'s keys cannot change, and a struct keeps one of its fields. Give such a column the table\'s type again; or another id (or name), which makes it a new column that is empty in older rows; or load the files into a new dataset.',
    );
  });

  test('unless the table is replaced whole: then it is a new field', () => {
    const evolved = next(base, [column('a', 'VARCHAR', { required: true }), column('b', 'DOUBLE')], {
      replace: true,
    });
    expect(shown(evolved)).toEqual(['5 a string', '2 b double']);
    expect(evolved.columnIds).toEqual({ a: 5, b: 2 });
  });

  test('types that Iceberg lacks, all of them', () => {
    expect(() => first(column('h', 'HUGEINT'))).toThrow(UnsupportedTypes);
    expect(message(() => first(column('h', 'HUGEINT'), column('a', 'DATE'), column('i', 'INTERVAL[]')))).toBe(
      'silver table "t": Iceberg tables have no type for column "h" (HUGEINT), column "i" (INTERVAL[]). Cast it to a type that they have, such as VARCHAR or DECIMAL(38, 0).',
    );
  });
});

describe('the primary key identifies rows', () => {
  const required = { required: true };
  test.each<[string, WantedColumn[], string[], number[] | undefined]>([
    ['in its order', [column('a', 'BIGINT', required), column('b', 'VARCHAR', required)], ['b', 'a'], [2, 1]],
    [
      'not where a column is optional',
      [column('a', 'BIGINT', required), column('b', 'VARCHAR')],
      ['a', 'b'],
      undefined,
    ],
    ['not by a double', [column('a', 'DOUBLE', required)], ['a'], undefined],
    ['not by a struct', [column('a', 'STRUCT(x INTEGER)', required)], ['a'], undefined],
    ['not without a key', [column('a', 'BIGINT', required)], [], undefined],
  ])('%s', (_, wanted, identifier, ids) => {
    expect(evolveSchema(undefined, wanted, options({ identifier })).schema['identifier-field-ids']).toEqual(
      ids,
    );
  });
});
