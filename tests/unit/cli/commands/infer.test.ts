import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { draftContract } from '../../../../operate/infer/draft.ts';
import { columnNames, datasetName } from '../../../../operate/infer/names.ts';
import { profileSource } from '../../../../operate/infer/profile.ts';
import { loadContract } from '../../../../shared/contract/load.ts';
import { withDuckDb } from '../../../../shared/engine/with-duckdb.ts';
import { openSource } from '../../../../shared/formats/open-source.ts';
import { config } from '../../../helpers/engine.ts';
import { scratch } from '../../../helpers/scratch.ts';

/** Drafts a contract from a file's content, and reads the draft as the pipeline will. */
const infer = async (content: string, name = 'orders.csv') => {
  const folder = scratch();
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return inferFile(file, folder);
};

const inferFile = async (file: string, folder: string) => {
  const text = await withDuckDb({ memoryMb: 512, threads: 2, scratch: folder }, async (db) => {
    const source = await openSource(file, { ...config, db, scratch: folder, expected: [] });
    return draftContract('orders', path.basename(file), await profileSource(db, source));
  });
  mkdirSync(path.join(folder, 'sql/orders'), { recursive: true });
  writeFileSync(path.join(folder, 'sql/orders/contract.yaml'), text);
  const contract = await loadContract(path.join(folder, 'sql'), 'orders');
  const column = (name: string) => contract.columns.find((each) => each.name === name);
  return { text, contract, column };
};

const csv = (header: string, row: (i: number) => string, rows = 40): string =>
  [header, ...Array.from({ length: rows }, (_, i) => row(i))].join('\n');

test('types, missing values, keys and small sets of a CSV', async () => {
  const { contract, column } = await infer(
    csv(
      'Order ID,Placed At,amount,paid,Status,zip',
      (i) =>
        `${i + 1},2024-01-${String((i % 28) + 1).padStart(2, '0')} 10:00:00,${i}.5,${i % 2 === 0},${['new', 'sent'][i % 2]},0${1000 + i}`,
    ),
  );
  expect(contract.primaryKey).toEqual(['order_id']);
  expect(column('order_id')).toMatchObject({
    sourceName: 'Order ID',
    logicalType: 'integer',
    required: true,
  });
  expect(column('placed_at')).toMatchObject({ sourceName: 'Placed At', logicalType: 'timestamp' });
  expect(column('amount')).toMatchObject({ logicalType: 'number', constraints: { minimum: '0' } });
  expect(column('paid')).toMatchObject({ logicalType: 'boolean' });
  expect(column('status')).toMatchObject({
    logicalType: 'string',
    constraints: { allowed: ['new', 'sent'] },
  });
  // A number would lose the zero in front.
  expect(column('zip')).toMatchObject({ logicalType: 'string', unique: true });
});

test('columns that no contract can name are left out, and told', async () => {
  const { text, contract } = await infer(csv(',id,note,NOTE', (i) => `${i},k${i},a,b`));
  expect(contract.columns.map(({ sourceName }) => sourceName)).toEqual(['id']);
  expect(text).toContain('# Column 1 has no name: ');
  expect(text).toContain('# Column 4 shares its name, NOTE: ');
});

test('what is missing is not required, and markers of it are listed', async () => {
  const { column, text } = await infer(
    csv('a,b', (i) => `${i % 7 === 0 ? 'N/A' : i},${i % 5 === 0 ? '' : 'x'}`),
  );
  expect(column('a')).toMatchObject({ logicalType: 'integer', required: false, missingValues: ['', 'N/A'] });
  expect(column('b')).toMatchObject({ required: false });
  expect(text).toContain('# Missing in 6 of 40 rows.');
});

test('a little dirt does not change the type, and is counted', async () => {
  const { column, text } = await infer(csv('a', (i) => (i === 3 ? 'many' : String(i))));
  expect(column('a')).toMatchObject({ logicalType: 'integer', unique: false });
  expect(text).toContain('# 1 value cannot be read as integer');
});

test('much of it does', async () => {
  const { column } = await infer(csv('a', (i) => (i % 4 === 0 ? `x${i}` : String(i))));
  expect(column('a')).toMatchObject({ logicalType: 'string' });
});

test.each([
  ['date', 'dd.MM.yyyy', (i: number) => `${(i % 28) + 1}.02.2024`],
  ['date', 'MMM dd yyyy', (i: number) => `Feb ${(i % 28) + 1} 2024`],
  ['date', 'MM/dd/yyyy', (i: number) => `02/${(i % 28) + 1}/2024`],
  ['timestamp', 'dd/MM/yyyy HH:mm', (i: number) => `${(i % 28) + 1}/02/2024 14:30`],
  ['timestamp', 'MM/dd/yyyy hh:mm:ss a', (i: number) => `02/${(i % 28) + 1}/2024 02:30:00 PM`],
])('%s as %s', async (logicalType, format, value) => {
  const { column, text } = await infer(csv('a,b', (i) => `${value(i)},${i}`));
  expect(column('a')).toMatchObject({ logicalType });
  expect(text).toContain(`format: ${format} }`);
});

test('a day that could be a month is asked about', async () => {
  const { text } = await infer(csv('a,b', (i) => `0${(i % 9) + 1}/03/2024,${i}`));
  expect(text).toContain('# Every value fits MM/dd/yyyy as well: which is it?');
});

test.each([
  ['number', { decimal: ',' }, (i: number) => `${i},5`],
  ['number', { decimal: ',', thousands: '.' }, (i: number) => `${i + 1}.234,5`],
  ['integer', { decimal: '.', thousands: ',' }, (i: number) => `${i + 1},234,567`],
  ['integer', { decimal: ',', thousands: ' \u00a0\u202f' }, (i: number) => `${i + 1}\u00a0234`],
])('%s with %j', async (logicalType, separators, value) => {
  const { column, text } = await infer(csv('a;b', (i) => `${value(i)};x${i}`));
  expect(column('a')).toMatchObject({ logicalType, separators });
  expect(text).not.toContain('which is it?');
});

test.each([
  ['number', (i: number) => `${i + 1}.234`, 'a decimal comma'],
  ['integer', (i: number) => `${i + 1},234`, 'a decimal comma'],
])('a %s whose separator may be the other one is asked about', async (logicalType, value, other) => {
  const { column, text } = await infer(csv('a;b', (i) => `${value(i)};x${i}`));
  expect(column('a')).toMatchObject({ logicalType });
  expect(text).toContain(`# Every value fits ${other} as well: which is it?`);
});

test('a slip in a small set is left out of it', async () => {
  const { column, text } = await infer(
    csv('a,b', (i) => `${i === 5 ? 'snet' : ['new', 'sent'][i % 2]},${i}`),
  );
  expect(column('a')?.constraints.allowed).toEqual(['new', 'sent']);
  expect(text).toContain('left out: snet.');
});

test('a key with repeated values is hinted at, and not claimed', async () => {
  const { contract, text } = await infer(csv('id,b', (i) => `${i === 1 ? 0 : i},x`));
  expect(contract.primaryKey).toEqual([]);
  expect(text).toContain(
    '# Almost unique: 1 row with a value seen before. If it is the key: primaryKey: true.',
  );
});

test('JSON: keys in their usual order, objects and arrays, names that SQL does not take', async () => {
  const rows = Array.from({ length: 20 }, (_, i) => ({
    _id: `k${i}`,
    'a/b~c': i,
    user: { name: 'x' },
    tags: ['a'],
    '1st "quoted"': null,
    email: `u${i}@example.com`,
  }));
  const { contract, column } = await infer(JSON.stringify(rows), 'orders.json');
  expect(contract.columns.map(({ name }) => name)).toEqual([
    'id',
    'a_b_c',
    'user',
    'tags',
    'c_1st_quoted',
    'email',
  ]);
  expect(column('user')).toMatchObject({ logicalType: 'object' });
  expect(column('tags')).toMatchObject({ logicalType: 'array' });
  expect(column('a_b_c')).toMatchObject({ sourceName: 'a/b~c', logicalType: 'integer' });
  expect(column('email')).toMatchObject({ format: 'email' });
  expect(contract.primaryKey).toEqual(['id']);
});

test('JSON: a line that is broken is counted, and the others tell the columns', async () => {
  const { text, column } = await infer('{"id":1}\n{"id":\n[1]\n{"id":2}\n', 'orders.ndjson');
  expect(column('id')).toMatchObject({ logicalType: 'integer', required: true });
  expect(text).toContain('2 records could not be read at all');
  expect(text).toContain('2 rows');
});

test('JSON: objects within texts are texts', async () => {
  const few = '{"payload":"x","o":"{}"}\n'.repeat(3);
  const { column } = await infer(
    `${'{"payload":"{\\"a\\":1}","o":{"a":1}}\n'.repeat(20)}${few}`,
    'orders.ndjson',
  );
  expect(column('payload')).toMatchObject({ logicalType: 'string' });
  expect(column('o')).toMatchObject({ logicalType: 'object' });
});

test('names and values that a line of YAML cannot begin with are drafted as they are', async () => {
  const { text, column } = await infer(
    csv('...first,kind', (i) => `x${i},${i === 0 ? '---' : ['a', 'b'][i % 2]}`),
    '--- .csv',
  );
  expect(column('first')?.sourceName).toBe('...first');
  expect(text).toContain('left out: "---".');
  expect(text).toContain('made of "--- .csv"');
});

test('names and values with line breaks are drafted as they are', async () => {
  const long = 'a text of more than forty characters that';
  const { column } = await infer(
    csv(
      `"Order\nNo",kind,"${long}\ngoes on"`,
      (i) => `${i},"${i % 2 === 0 ? 'a\nb' : `${long}\n\ngoes on`}",x${i}`,
    ),
  );
  expect(column('order_no')).toMatchObject({ sourceName: 'Order\nNo' });
  expect(column('kind')?.constraints.allowed?.toSorted()).toEqual(['a\nb', `${long}\n\ngoes on`]);
  expect(column('a_text_of_more_than_forty_characters_that_goes_on')?.sourceName).toBe(`${long}\ngoes on`);
});

test('Parquet: its own types count', async () => {
  const folder = scratch();
  const file = path.join(folder, 'orders.parquet');
  await withDuckDb({ memoryMb: 512, threads: 2, scratch: folder }, (db) =>
    db.run(`COPY (SELECT i AS id, (i / 4)::DECIMAL(9, 2) AS price, TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS at,
      [i] AS list, {'a': i} AS struct, i % 2 = 0 AS flag, '2024-01-01' AS day,
      encode(['Zürich', 'Genève'][1 + i % 2]) AS city, TIMETZ '10:00:00+00' AS opens FROM range(30) r(i)) TO '${file}'`),
  );
  const { text, column } = await inferFile(file, folder);
  expect(column('price')).toMatchObject({ silverType: 'DECIMAL(9,2)' });
  expect(column('at')).toMatchObject({ silverType: 'TIMESTAMP', required: true });
  expect(column('list')).toMatchObject({ logicalType: 'array' });
  expect(column('struct')).toMatchObject({ logicalType: 'object' });
  expect(column('flag')).toMatchObject({ logicalType: 'boolean' });
  expect(column('day')).toMatchObject({ logicalType: 'date' });
  expect(text).toMatch(/validValues: \[ ?"?Genève"?, "?Zürich/);
  expect(column('opens')).toMatchObject({ logicalType: 'time' });
});

test('names', () => {
  expect(columnNames(['Release Date', 'releaseDate', 'IMDBRating', '2nd', '???', 'Größe'])).toEqual([
    'release_date',
    'release_date_2',
    'imdb_rating',
    'c_2nd',
    'column_5',
    'gro_e',
  ]);
  expect(datasetName('/data/Orders 2024.csv.gz')).toBe('orders_2024');
});

test('a dataset cannot be called anything', () => {
  const profile = { format: 'csv', rows: 0, malformed: 0, columns: [] };
  expect(() => draftContract('Orders!', 'a.csv', profile)).toThrow(/cannot be a dataset's name/);
});
