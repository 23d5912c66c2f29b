import path from 'node:path';
import type { Row } from '../../../../shared/engine/values.ts';
import { ModelFailed } from '../../../../shared/errors.ts';
import { type BuiltSilver, buildSilver } from '../../../../shared/stages/transform/build-silver.ts';
import { silverLayout, silverSchema } from '../../../../shared/stages/transform/silver-table.ts';
import { REASONS_TYPE } from '../../../../shared/stages/validate/row-check.ts';
import { contractOf, latestBy, NAMES_WITHIN, rowsSql, testDb } from '../../../helpers/silver-lake.ts';

const ID = '{ name: id, logicalType: integer }';
const KEY = '{ name: id, logicalType: integer, primaryKey: true }';
const V = '{ name: v, logicalType: string }';
const RUN = {
  ...{ run_id: 'r', source_id: 's', version_id: 'v7' },
  ...{
    key: "t/day=2024-01-01/it's=%C3%A4/x=__HIVE_DEFAULT_PARTITION__/a=b.csv",
    uploaded_at: '2024-05-06T07:08:09.123Z',
  },
};

interface Case {
  properties?: string[];
  custom?: string[];
  silverSql?: string;
  reference?: Record<string, string>;
  /** SELECT of the accepted records. */
  accepted?: string;
  /** SELECT of more records, before the others, that were refused. */
  refused?: string;
}

/** Builds silver of these records, and reads its rows back. */
const build = async (given: Case): Promise<BuiltSilver & { silver: Row[] }> => {
  const contract = await contractOf(given.properties ?? [ID, V], given.custom, {
    ...(given.silverSql !== undefined && { 't/silver.sql': given.silverSql }),
    ...given.reference,
  });
  return await testDb(async (db, folder) => {
    const records = path.join(folder, 'records.parquet');
    const staged = (sql: string, reasons: string) =>
      `SELECT *, NULL::VARCHAR AS _raw, ${reasons}::${REASONS_TYPE} AS _reasons FROM (SELECT NULL::VARCHAR AS _rescued WHERE false UNION ALL BY NAME SELECT * FROM (${sql}))`;
    const reason = `[{'column': 'v', 'rule': 'r', 'dimension': 'd', 'expected': 'e', 'value': 'v'}]`;
    const parts = [
      ...(given.refused === undefined ? [] : [staged(given.refused, reason)]),
      staged(given.accepted ?? rowsSql('id, v', "(1, 'a')", "(2, 'b')", "(3, 'c')"), 'NULL'),
    ];
    await db.run(`COPY (${parts.join(' UNION ALL BY NAME ')}) TO '${records}' (FORMAT parquet)`);
    const built = await buildSilver(
      { db, scratch: folder },
      contract,
      { records },
      RUN,
      silverLayout(contract, silverSchema(contract, undefined)),
    );
    return { ...built, silver: await db.all(`FROM (${built.query}) ORDER BY _row`) };
  });
};

const failure = async (given: Case): Promise<string> => {
  const error: unknown = await build(given).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ModelFailed);
  return (error as ModelFailed).message;
};

test('without silver.sql the accepted records are silver, with their lineage', async () => {
  const { silver, rows } = await build({ refused: rowsSql('id, v', "(0, 'bad')") });
  expect(rows).toEqual({ filtered: 0, duplicate: 0, silver: 3 });
  expect(silver[0]).toEqual({ id: 1, v: 'a', _run_id: 'r', _source_id: 's', _row: 2, _rescued: null });
  expect(silver).toHaveLength(3);
});

test('rows that silver.sql leaves out are counted', async () => {
  const { silver, rows } = await build({ silverSql: 'select * from accepted where id <> 2' });
  expect(rows).toEqual({ filtered: 1, duplicate: 0, silver: 2 });
  expect(silver.map(({ id }) => id)).toEqual([1, 3]);
});

test('all rows may be left out', async () => {
  const { rows } = await build({ silverSql: 'select * from accepted where false' });
  expect(rows).toEqual({ filtered: 3, duplicate: 0, silver: 0 });
});

test('reference data of the dataset’s folder is there as ref.<name>', async () => {
  const { silver } = await build({
    silverSql: 'select _row, id, label as v from accepted left join ref.labels using (id)',
    reference: { 't/labels.csv': 'id,label\n1,one\n2,two\n' },
  });
  expect(silver.map(({ v }) => v)).toEqual(['one', 'two', null]);
});

test('a join that matches twice is refused: it would multiply records', async () => {
  const message = await failure({
    silverSql: 'select _row, id, label as v from accepted left join ref.labels using (id)',
    reference: { 't/labels.csv': 'id,label\n1,one\n1,uno\n' },
  });
  expect(message).toContain('yields 4 rows for 3 accepted records');
});

test.each([
  ['NULL', 'select id, v, null as _row from accepted'],
  ['invented', 'select id, v, _row + 100 as _row from accepted'],
  ['of a refused record', 'select id, v, _row - 1 as _row from accepted'],
])('a _row that is %s is refused', async (_, silverSql) => {
  expect(await failure({ silverSql, refused: rowsSql('id, v', "(0, 'bad')") })).toContain('keeps its _row');
});

test('a lost _row, missing and surplus columns are named', async () => {
  expect(await failure({ silverSql: 'select id, 1 as extra from accepted' })).toContain(
    'missing _row, v; not in the contract extra',
  );
});

test('a row without a required value is refused', async () => {
  const message = await failure({
    properties: [KEY, '{ name: v, logicalType: string, required: true }'],
    silverSql: `select _row, nullif(id, 1) as id, nullif(v, 'b') as v from accepted`,
  });
  expect(message).toContain('1 have no id, 1 have no v');
});

describe('SQL that fails', () => {
  test('says why when the SQL itself is wrong', async () => {
    expect(await failure({ silverSql: 'select _row, id, nope as v from accepted' })).toContain('nope');
  });

  test.each([
    ['a cast to the contract’s type', `select _row, v as id, v from accepted`],
    ['a cast of its own', `select _row, v::date::varchar::integer as id, v from accepted`],
    ['a function', `select _row, id, strptime(v, '%Y')::varchar as v from accepted`],
    ['an error of its own', `select _row, id, error(v)::varchar as v from accepted`],
    ['JSON', `select _row, id, json_extract(v, '$.a')::varchar as v from accepted`],
  ])('does not say which value %s failed on', async (_, silverSql) => {
    const accepted = rowsSql('id, v', "(1, 'top''\n\"secret\"')");
    const message = await failure({ silverSql, accepted });
    expect(message).not.toMatch(/secret|top/);
    expect(message).toContain('values are not shown');
  });

  test('names the column that cannot be cast', async () => {
    expect(await failure({ silverSql: 'select _row, v as id, v from accepted' })).toContain('in column id');
  });

  test('a derived column is held to its type too', async () => {
    const properties = [ID, V, '{ name: n, logicalType: integer, transformLogic: v }'];
    expect(await failure({ properties })).toContain('Conversion Error');
  });
});

test('derived columns are computed from what silver.sql yields, or by it', async () => {
  const { silver } = await build({
    properties: [
      ID,
      V,
      '{ name: loud, logicalType: string, transformLogic: upper(v) }',
      '{ name: length, logicalType: integer, transformLogic: silver.sql }',
    ],
    silverSql: `select * exclude (v), v || '!' as v, length(v) as length from accepted`,
  });
  expect(silver[0]).toMatchObject({ v: 'a!', loud: 'A!', length: 1 });
});

test('_rescued is kept without silver.sql saying so', async () => {
  const accepted = `SELECT 1 AS id, 'a' AS v, '{"x":1}' AS _rescued UNION ALL SELECT 2, 'b', NULL`;
  const rescued = async (silverSql?: string) =>
    (await build({ accepted, ...(silverSql !== undefined && { silverSql }) })).silver.map(
      (row) => row._rescued,
    );
  expect(await rescued()).toEqual(['{"x":1}', null]);
  expect(await rescued('select _row, id, v from accepted')).toEqual(['{"x":1}', null]);
  expect(await rescued('select * from accepted')).toEqual(['{"x":1}', null]);
});

describe('of several rows with one key', () => {
  const kept = async (accepted: string, order?: string): Promise<unknown[]> => {
    const custom = order === undefined ? [] : [latestBy(order)];
    const { silver, rows } = await build({ properties: [KEY, V], custom, accepted });
    expect(rows).toMatchObject({ filtered: 0, silver: silver.length });
    return silver.map(({ v }) => v);
  };
  const twice = rowsSql('id, v', "(1, 'a')", "(1, 'b')", "(2, 'c')", '(1, NULL)', "(1, 'a')");

  test('the later record stays', async () => {
    expect(await kept(rowsSql('id, v', "(1, 'b')", "(1, 'a')", "(2, 'c')"))).toEqual(['a', 'c']);
  });

  test.each([
    ['v desc', ['b', 'c']],
    ['v asc', ['c', 'a']],
  ])('the contract’s order decides: %s', async (order, expected) => {
    expect(await kept(twice, order)).toEqual(expected);
  });

  test('an order that ties leaves the later record', async () => {
    const { silver } = await build({
      properties: [KEY, V],
      custom: [latestBy('v desc')],
      accepted: rowsSql('id, v', "(1, 'a')", "(1, 'a')"),
    });
    expect(silver.map(({ _row }) => _row)).toEqual([2]);
  });

  test('none are compared where there is no key', async () => {
    const { rows } = await build({ accepted: twice });
    expect(rows).toEqual({ filtered: 0, duplicate: 0, silver: 5 });
  });
});

describe('the content’s fingerprint', () => {
  const contentOf = async (given: Case = {}): Promise<string> => (await build(given)).content;

  test('is the same for the same rows', async () => {
    expect(await contentOf()).toBe(await contentOf());
  });

  test.each<[string, Case]>([
    ['a value', { accepted: rowsSql('id, v', "(1, 'a')", "(2, 'b')", "(3, 'd')") }],
    ['a row less', { silverSql: 'select * from accepted where id < 3' }],
    ['a row more', { accepted: rowsSql('id, v', "(1, 'a')", "(2, 'b')", "(3, 'c')", "(3, 'c')") }],
    ['the order', { accepted: rowsSql('id, v', "(2, 'b')", "(1, 'a')", "(3, 'c')") }],
    ['a key', { properties: [KEY, V] }],
    ['partitions', { properties: [ID, '{ name: v, logicalType: string, partitioned: true }'] }],
    ['no rows', { silverSql: 'select * from accepted where false' }],
  ])('differs with %s', async (_, given) => {
    expect(await contentOf(given)).not.toBe(await contentOf());
  });

  test.each(NAMES_WITHIN)('differs with a value where another column is called %s', async (name) => {
    const properties = [ID, V, `{ name: ${name}, logicalType: integer }`];
    const of = async (value: string): Promise<string> =>
      await contentOf({ properties, accepted: rowsSql(`id, v, "${name}"`, `(1, '${value}', 2)`) });
    expect(await of('b')).not.toBe(await of('a'));
  });

  test('differs with the order that tells the latest row of a key, as other files’ rows may now win', async () => {
    const properties = [KEY, V];
    const ordered = await contentOf({ properties, custom: [latestBy('v desc')] });
    expect(ordered).not.toBe(await contentOf({ properties }));
  });
});

test('a reference file may have an odd name', async () => {
  const { silver } = await build({
    silverSql: 'select _row, id, label as v from accepted left join ref."odd \'name\'" using (id)',
    reference: { "t/odd 'name'.csv": 'id,label\n1,one\n' },
  });
  expect(silver[0]?.v).toBe('one');
});

test('a column that the staged records lack is not blamed on a silver.sql that is not there', async () => {
  const message = await failure({ properties: [ID, V, '{ name: late, logicalType: string }'] });
  expect(message).toContain('missing late');
  expect(message).toContain('The contract changed after the file was read');
  expect(message).not.toContain('silver.sql');
});

describe('the file that a row is of', () => {
  const KEPT = {
    key: RUN.key,
    at: '2024-05-06 07:08:09.123',
    version: 'v7',
    folders: { day: '2024-01-01', "it's": 'ä', x: null },
  };

  test('is a relation for silver.sql', async () => {
    const { silver } = await build({
      properties: [
        ID,
        ...Object.keys(KEPT).map(
          (name) => `{ name: ${name}, logicalType: string, transformLogic: silver.sql }`,
        ),
      ],
      silverSql: `SELECT _row, id, key, uploaded_at AS at, version, CAST(to_json(folders) AS VARCHAR) AS folders
        FROM accepted, source`,
      accepted: rowsSql('id', '(1)', '(2)'),
    });
    expect(silver.map(({ id }) => id)).toEqual([1, 2]);
    for (const row of silver)
      expect({ ...row, folders: JSON.parse(String(row.folders)) }).toMatchObject(KEPT);
  });

  test('has columns for expressions, with those of the key’s pattern', async () => {
    const { silver, rows } = await build({
      properties: [
        `${ID.slice(0, -2)}, primaryKey: true }`,
        '{ name: part, logicalType: string, transformLogic: "upper(source.part)" }',
        '{ name: of, logicalType: timestamp, transformLogic: source.uploaded_at }',
        `{ name: day, logicalType: date, transformLogic: "source.folders['day']" }`,
      ],
      custom: [
        String.raw`{ property: keyPattern, value: '(day)=[^/(]+/.*/(?:q|(a))=(?P<part>\w)[.]csv' }`,
        latestBy('part desc'),
      ],
      accepted: rowsSql('id', '(1)', '(1)'),
    });
    expect(silver).toMatchObject([{ part: 'B', _row: 2 }]);
    expect(String(silver[0]?.of)).toContain('2024-05-06');
    expect(rows).toMatchObject({ duplicate: 1, silver: 1 });
  });

  test('is out of reach where a column has its name', async () => {
    const { silver } = await build({
      properties: [
        ID,
        '{ name: source, logicalType: string }',
        '{ name: x, logicalType: string, transformLogic: "upper(source)" }',
      ],
      accepted: rowsSql('id, source', "(1, 'shop')"),
    });
    expect(silver).toMatchObject([{ source: 'shop', x: 'SHOP' }]);
  });
});
