import fc from 'fast-check';
import { stage } from '../../../helpers/staging.ts';

/** Names that could be mistaken for ours, for SQL, or for a path. */
const NAMES = [
  'c0',
  'c1',
  'doc',
  'select',
  'reason',
  'row',
  'raw',
  'line',
  'reasons',
  'scope',
  'value',
  'rowid',
  'C2',
];

test.each(['csv', 'json', 'parquet'])('no column name has another meaning (%s)', async (format) => {
  const properties = NAMES.map((name) => `name: ${name}, logicalType: integer, required: true`);
  const values = NAMES.map((_, i) => i);
  const csv = `${NAMES.join(',')}\n${values.join(',')}\n${values.join(',').replace(/^0/, 'x')}\n`;
  const row = (first: number | string) =>
    JSON.stringify({ ...Object.fromEntries(NAMES.map((n, i) => [n, i])), c0: first });
  const json = `${row(0)}\n${row('x')}\n`;
  const parquet = `SELECT * FROM (VALUES (${values.map((v) => `'${v}'`).join(',')}), ('x',${values
    .slice(1)
    .map((v) => `'${v}'`)
    .join(',')})) AS t(${NAMES.map((n) => `"${n}"`).join(',')})`;
  const { all, reasons } = await stage(
    properties,
    format === 'csv' ? csv : format === 'json' ? json : { parquet },
  );
  expect(all[0]).toEqual({ ...Object.fromEntries(NAMES.map((name, i) => [name, i])), _rescued: null });
  expect(Object.values(reasons)).toEqual([['c0.type']]);
});

/** Names that a source may have and a contract may not. */
const STRANGE = [
  `it's`,
  'say "hi"',
  'a b',
  'a.b',
  'a/b',
  'a~b',
  '~1',
  '$',
  '$.a',
  '*',
  '',
  '[0]',
  'ü',
  'a\\b',
  '#',
  '-',
  '0',
];
const strange = STRANGE.map(
  (name, i) => `name: n${i}, physicalName: ${JSON.stringify(name)}, logicalType: integer`,
);
/** A contract cannot refer to the empty name: such a column can only be rescued. */
const named = strange.filter((_, i) => STRANGE[i] !== '');
const namedValues = Object.fromEntries(STRANGE.flatMap((name, i) => (name === '' ? [] : [[`n${i}`, i]])));

test('any name may be a column of the source: CSV', async () => {
  const quoted = STRANGE.map((name) => `"${name.replaceAll('"', '""')}"`);
  const { all, unknownColumns } = await stage(
    named,
    `${quoted.join(',')}\n${STRANGE.map((_, i) => i).join(',')}\n`,
  );
  expect(all).toEqual([{ ...namedValues, _rescued: '{"":"10"}' }]);
  expect(unknownColumns).toEqual(['']);
});

test('any name may be a key: JSON', async () => {
  const { all } = await stage(named, JSON.stringify(Object.fromEntries(STRANGE.map((name, i) => [name, i]))));
  expect(all).toEqual([{ ...namedValues, _rescued: '{"":10}' }]);
});

test('any name may be a column of the source: Parquet', async () => {
  const columns = STRANGE.flatMap((name, i) =>
    name === '' ? [] : [`${i} AS "${name.replaceAll('"', '""')}"`],
  );
  const { all } = await stage(named, { parquet: `SELECT ${columns.join(', ')}` });
  expect(all).toEqual([{ ...namedValues, _rescued: null }]);
});

test('keys and values with NUL characters pass through', async () => {
  const { all } = await stage(['name: a, logicalType: string'], '{"a": "x\\u0000y", "b\\u0000c": 1}');
  expect(all).toEqual([{ a: 'x\0y', _rescued: '{"b\\u0000c":1}' }]);
});

test('spellings of one key may alternate from record to record', async () => {
  const { all, reasons } = await stage(
    ['name: id, logicalType: integer, required: true'],
    '{"id": 1}\n{"ID": 2}\n{"Id ": 3}\n{"id": null, "ID": 4}\n{"id": null, "x": 1}\n',
  );
  expect(all.map(({ id }) => id)).toEqual([1, 2, 3, 4, null]);
  expect(reasons).toEqual({ 5: ['id.required'] });
});

test('a record with two values under spellings of one key is rejected: silver could keep only one', async () => {
  const { all, reasons, raw } = await stage(
    ['name: id, logicalType: integer, required: true', 'name: s, logicalType: string'],
    '{"id": 1, "ID": 2, "s": "a"}\n{"id": 1, "ID": 1}\n{"id": 1, "ID": null}\n{"Id": [1], "id": 1}\n{"id": 1, "s": "a", "S": "b"}\n',
  );
  expect(reasons).toEqual({ 1: ['id.columns'], 4: ['id.nested', 'id.columns'], 5: ['s.columns'] });
  expect(raw[1]).toBe('{"id": 1, "ID": 2, "s": "a"}');
  expect(all.slice(1, 3)).toEqual([
    { id: 1, s: null, _rescued: null },
    { id: 1, s: null, _rescued: null },
  ]);
});

test('values of JSON: text, numbers, booleans and null', async () => {
  const { all, reasons } = await stage(
    ['name: n, logicalType: integer', 'name: s, logicalType: string', 'name: b, logicalType: boolean'],
    JSON.stringify([
      { n: 1, s: 'a "quoted" \\ text', b: true },
      { n: '2', s: 3, b: 'no' },
      { n: 3.0, s: true, b: null },
      { n: null, s: null },
      { n: true, s: 'null', b: 0 },
    ]),
  );
  expect(all).toEqual([
    { n: 1, s: 'a "quoted" \\ text', b: true, _rescued: null },
    { n: 2, s: '3', b: false, _rescued: null },
    { n: 3, s: 'true', b: null, _rescued: null },
    { n: null, s: null, b: null, _rescued: null },
    { n: null, s: 'null', b: false, _rescued: null },
  ]);
  expect(reasons).toEqual({ 5: ['n.type'] });
});

test('numbers of JSON keep the digits that their type can hold', async () => {
  const { all } = await stage(
    [
      'name: big, logicalType: integer',
      'name: huge, logicalType: integer, logicalTypeOptions: { format: u64 }',
    ],
    '{"big": 9223372036854775807, "huge": 18446744073709551615}',
  );
  expect(all).toEqual([{ big: '9223372036854775807', huge: '18446744073709551615', _rescued: null }]);
});

test('objects and arrays where the contract has a scalar are rejected as nested', async () => {
  const { all, reasons, raw } = await stage(
    [
      'name: id, logicalType: integer, required: true',
      'name: s, logicalType: string',
      'name: o, logicalType: object',
      'name: l, logicalType: array',
    ],
    '{"id": 1, "s": {"x": 1}, "o": {"x": null}, "l": [1]}\n{"id": [1], "o": [1], "l": {}}\n{"id": 3, "s": "[1]", "l": []}\n',
  );
  expect(reasons).toEqual({ 1: ['s.nested'], 2: ['id.nested', 'o.type', 'l.type'] });
  expect(all[0]).toMatchObject({ o: '{"x":null}', l: '[1]' });
  expect(all[2]).toMatchObject({ id: 3, s: '[1]', l: '[]' });
  expect(raw[1]).toBe('{"id": 1, "s": {"x": 1}, "o": {"x": null}, "l": [1]}');
});

test('any text of a JSON record is staged as it is, whatever it looks like', async () => {
  const odd = ['{', '[1]', '{"a": 1}', 'null', '"', '\\', '\\u0041', ' x ', 'a\nb', '1.0', '😀'];
  const text = fc.oneof(fc.constantFrom(...odd), fc.string({ unit: 'grapheme' })).filter((s) => /\S/.test(s));
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 60 }), async (texts) => {
      const lines = texts.map((s) => JSON.stringify({ s }));
      const { all } = await stage(['name: s, logicalType: string'], `${lines.join('\n')}\n`);
      expect(all.map(({ s }) => s)).toEqual(texts);
    }),
    { numRuns: 20 },
  );
});

test('a record that is no object is rejected for that reason only', async () => {
  const { reasons, rows } = await stage(
    ['name: id, logicalType: integer, required: true', 'name: s, logicalType: string, required: true'],
    '{"id": 1, "s": "a"}\n[1]\n"x"\n7\nnull\n{"id": \n',
  );
  expect(reasons).toEqual({ 2: ['object'], 3: ['object'], 4: ['object'], 5: ['object'], 6: ['object'] });
  expect(rows).toEqual({ read: 6, accepted: 1, rejected: 5 });
});

test('columns that the contract does not know are rescued whole, with nulls and repeated names', async () => {
  const property = ['name: id, logicalType: integer'];
  const csv = await stage(property, 'id,x,x,y\n1,a,b,\n2,,,\n');
  expect(csv.all).toEqual([
    { id: 1, _rescued: '{"x":"a","x_2":"b"}' },
    { id: 2, _rescued: null },
  ]);
  const json = await stage(property, '[{"id": 1, "x": {"y": null, "z": [1]}, "n": null}, {"id": 2}]');
  expect(json.all).toEqual([
    { id: 1, _rescued: '{"x":{"y":null,"z":[1]},"n":null}' },
    { id: 2, _rescued: null },
  ]);
  const parquet = await stage(property, {
    parquet: `SELECT 1 AS id, {'y': NULL, 'z': ['nan'::DOUBLE]} AS x, '\\xAB'::BLOB AS b, DATE '2024-01-05' AS d`,
  });
  expect(parquet.all).toEqual([
    { id: 1, _rescued: '{"x":{"y":null,"z":["NaN"]},"b":"\\\\xAB","d":"2024-01-05"}' },
  ]);
});

test.each(['ignore', 'rescue'])('unknown columns: %s', async (value) => {
  const more = `    customProperties: [{ property: unknownColumns, value: ${value} }]`;
  const { all, unknownColumns } = await stage(['name: id, logicalType: integer'], 'id,x\n1,2\n', more);
  expect(all).toEqual([{ id: 1, _rescued: value === 'rescue' ? '{"x":"2"}' : null }]);
  expect(unknownColumns).toEqual(['x']);
});

test('two hundred columns', async () => {
  const names = Array.from({ length: 200 }, (_, i) => `column_${i}`);
  const properties = names.map((name) => `name: ${name}, logicalType: integer, required: true`);
  const row = names.map((_, i) => i);
  const { rows, all, reasons } = await stage(
    properties,
    `${names.join(',')}\n${row.join(',')}\n${row.map(() => 'x').join(',')}\n`,
  );
  expect(rows).toEqual({ read: 2, accepted: 1, rejected: 1 });
  expect(all[0]).toMatchObject({ column_0: 0, column_199: 199 });
  expect(reasons[3]).toHaveLength(200);
});

test('among as many keys as rows, the contract’s is found and the others are rescued', async () => {
  const lines = Array.from({ length: 10_500 }, (_, i) => JSON.stringify({ [`k${i}`]: i, 'zZ ': i }));
  const { all, rows, unknownColumns } = await stage(['name: zz, logicalType: integer'], lines.join('\n'));
  expect(rows).toEqual({ read: 10_500, accepted: 10_500, rejected: 0 });
  expect(all.at(-1)).toEqual({ zz: 10_499, _rescued: '{"k10499":10499}' });
  expect(unknownColumns).toHaveLength(9_999);
});

test('texts mean "no value" in columns of objects and arrays too', async () => {
  const lines = [
    '{"id":1,"tags":""}',
    '{"id":2,"tags":" "}',
    '{"id":3,"tags":"N/A"}',
    '{"id":4,"tags":[]}',
    '{"id":5,"tags":"x"}',
  ];
  const { all, reasons } = await stage(
    ['name: id, logicalType: integer', 'name: tags, logicalType: array'],
    lines.join('\n'),
    '    customProperties: [{ property: missingValues, value: [N/A] }]',
  );
  expect(all.map(({ tags }) => tags)).toEqual([null, null, null, '[]', null]);
  expect(reasons).toEqual({ 5: ['tags.type'] });
});

test('a key that a record holds twice with different values rejects the record', async () => {
  const { all, reasons, raw } = await stage(
    ['name: id, logicalType: integer, required: true', 'name: o, logicalType: object'],
    [
      '{"id": 1, "id": 2}',
      '{"id": 3, "id": 3, "x": 1, "x": 1}',
      '{"id": 4, "x": 1, "x": 2}',
      '{"id": 5, "o": {"a": 1}, "o": {"a": 2}}',
      '{"id": 6, "ID": 6, "Id": 6, "y/~": "NaN", "y/~": "NaN"}',
      '{"id": 7, "x": null, "x": 1}',
      '[1, 1]',
      '{"id": 8, "x": 1}',
    ].join('\n'),
  );
  expect(reasons).toEqual({
    1: ['id.columns'],
    3: ['columns'],
    4: ['o.columns'],
    6: ['columns'],
    7: ['object'],
  });
  expect(raw[3]).toBe('{"id": 4, "x": 1, "x": 2}');
  expect([all[1], all[4], all[7]]).toEqual([
    { id: 3, o: null, _rescued: '{"x":1}' },
    { id: 6, o: null, _rescued: '{"y/~":"NaN"}' },
    { id: 8, o: null, _rescued: '{"x":1}' },
  ]);
});

test('a repeated key that the contract does not know is no reason where unknown columns are ignored', async () => {
  const { all, reasons } = await stage(
    ['name: id, logicalType: integer'],
    '{"id": 1, "x": 1, "x": 2}\n{"id": 2, "id": 3}\n',
    '    customProperties: [{ property: unknownColumns, value: ignore }]',
  );
  expect(all[0]).toEqual({ id: 1, _rescued: null });
  expect(reasons).toEqual({ 2: ['id.columns'] });
});

test('repeated names of CSV columns stay apart in what is rescued and in the record', async () => {
  const { all, raw } = await stage(
    ['name: id, logicalType: integer'],
    'x,id,x,x_2,x\na,1,b,c,d\ne,y,f,g,h\n',
  );
  expect(all[0]).toEqual({ id: 1, _rescued: '{"x":"a","x_3":"b","x_2":"c","x_4":"d"}' });
  expect(raw[3]).toBe('{"x":"e","id":"y","x_3":"f","x_2":"g","x_4":"h"}');
});

test('NaN and Infinity in JSON are no values, and are rescued as texts', async () => {
  const { all, reasons } = await stage(
    [
      'name: n, logicalType: number',
      'name: s, logicalType: string',
      'name: o, logicalType: object',
      'name: l, logicalType: array',
    ],
    [
      '{"n": NaN}',
      '{"n": "NaN"}',
      '{"s": NaN}',
      '{"s": "NaN"}',
      '{"s": -Infinity}',
      '{"o": {"x": NaN}}',
      '{"o": {"x": "NaN, inf"}}',
      '{"l": [1, Infinity]}',
      '{"x": NaN, "y": [-Infinity, "a \\"NaN\\" b", {"NaN": inf}], "z": "Infinity", "w": -1e-5}',
    ].join('\n'),
  );
  expect(reasons).toEqual({
    1: ['n.type'],
    2: ['n.type'],
    3: ['s.type'],
    5: ['s.type'],
    6: ['o.type'],
    8: ['l.type'],
  });
  expect(all[3]).toMatchObject({ s: 'NaN' });
  expect(all[6]).toMatchObject({ o: '{"x":"NaN, inf"}' });
  expect(JSON.parse(String(all[8]?._rescued))).toEqual({
    x: 'NaN',
    y: ['-Infinity', 'a "NaN" b', { NaN: 'inf' }],
    z: 'Infinity',
    w: -1e-5,
  });
});

test('objects in CSV and Parquet are JSON that every reader accepts', async () => {
  const csv = await stage(
    ['name: id, logicalType: integer', 'name: o, logicalType: object'],
    `id,o\n1,"{""a"": nan}"\n2,"{""a"": 1,}"\n3,"{""a"": "",}""}"\n`,
  );
  expect(csv.reasons).toEqual({ 2: ['o.type'], 3: ['o.type'] });
  expect(csv.all[2]).toMatchObject({ o: '{"a": ",}"}' });
  const parquet = await stage(['name: o, logicalType: object'], {
    parquet: `SELECT unnest([{'x': 'nan'::DOUBLE}, {'x': 1.5::DOUBLE}]) AS o, unnest(['-inf'::FLOAT, 1]) AS f`,
  });
  expect(parquet.reasons).toEqual({ 1: ['o.type'] });
  expect(parquet.raw[1]).toBe('{"o":{"x":"NaN"},"f":"-Infinity"}');
  expect(parquet.all[1]).toEqual({ o: '{"x":1.5}', _rescued: '{"f":1.0}' });
});

test('bytes are UTF-8 wherever they are in what is rescued, in objects and in the record', async () => {
  const utf8 = `encode('é"')`;
  const nested = `{'a b': ${utf8}, 'n': [${utf8}, NULL], 'm': MAP {${utf8}: {'x': ${utf8}}}, 'd': 1.5::DECIMAL(9,2), 't': TIMESTAMPTZ '2024-01-01 00:00:00+00'}`;
  const written =
    '{"a b":"é\\"","n":["é\\"",null],"m":{"é\\"":{"x":"é\\""}},"d":1.5,"t":"2024-01-01 00:00:00+00"}';
  const { all, raw } = await stage(['name: id, logicalType: integer', 'name: o, logicalType: object'], {
    parquet: `SELECT unnest(['1', 'x']) AS id, ${nested} AS o, ${nested} AS r, ${utf8} AS b, '\\xAB'::BLOB AS bad, NULL::STRUCT(x BLOB)[] AS none`,
  });
  expect(all[0]).toEqual({ id: 1, o: written, _rescued: `{"r":${written},"b":"é\\"","bad":"\\\\xAB"}` });
  expect(raw[2]).toBe(`{"id":"x","o":${written},"r":${written},"b":"é\\"","bad":"\\\\xAB","none":null}`);
});
