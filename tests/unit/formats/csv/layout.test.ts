import type { ExpectedColumn } from '../../../../shared/formats/open-source.ts';
import { open } from '../../../helpers/opened.ts';

const column = (
  sourceName: string,
  logicalType: ExpectedColumn['logicalType'] = 'string',
): ExpectedColumn => ({ sourceName, logicalType });

const expected = [column('id', 'integer'), column('name'), column('amount', 'number')];
const ROWS = [
  ['1', 'a', '1.5'],
  ['2', 'b', '2.5'],
];

test.each([
  ["Excel's sep=", 'sep=;\nid;name;amount\n1;a;1.5\n2;b;2.5\n', [3, 4]],
  ["Excel's sep= with Windows line ends", 'sep=|\r\nid|name|amount\r\n1|a|1.5\r\n2|b|2.5\r\n', [3, 4]],
  ['sep= as a program wrote it again', '"sep=;";;\nid;name;amount\n1;a;1.5\n2;b;2.5\n', [3, 4]],
  ['a delimiter at the end of each row', 'id,name,amount\n1,a,1.5,\n2,b,2.5,\n', [2, 3]],
  ['a delimiter at the end of the header', 'id,name,amount,\n1,a,1.5\n2,b,2.5\n', [2, 3]],
  ['a delimiter at the end of rows without a header', '1,a,1.5,\r\n2,b,2.5,\r\n', [1, 2]],
  ['quotes, and a delimiter at the end of each row', 'id,name,amount\n"1" ,"a",1.5,\n"2","b",2.5,\n', [2, 3]],
])('%s', async (_, text, lines) => {
  const opened = await open(text, { expected });
  expect(opened).toMatchObject({ rows: ROWS, lines, malformed: [] });
});

test('where each row ends with a delimiter, one that does not, or has a value there, is malformed', async () => {
  const { rows, malformed } = await open('id,name,amount\n1,a,1.5,\n2,b,2.5\n3,c,d,3.5\n4,e,4.5,\n5,f,5,\n', {
    expected,
  });
  expect(rows.map(([id]) => id)).toEqual(['1', '4', '5']);
  expect(malformed).toMatchObject([
    { line: 3, rule: 'columns', message: 'The record has 3 fields where 4 are expected' },
    { line: 4, rule: 'columns', message: expect.stringContaining('a value in the last') },
  ]);
});

test.each([
  ['numbers', '"id","name","amount"\n"1",1,"a",1.5\n"2",2,"b",2.5\n'],
  ['texts', '"id","name","amount"\n"x",1,"a",1.5\n"y",2,"b",2.5\n'],
])('row names of R: %s', async (_, text) => {
  const { source, rows } = await open(text, { expected });
  expect(source.columns).toEqual(['', 'id', 'name', 'amount']);
  expect(rows.map((row) => row.slice(1))).toEqual(ROWS);
});

test.each([
  ['a value too many', 'id,name,amount\n1,a,1.5,x\n2,b,2.5,y\n'],
  ['texts that occur twice', 'id,name,amount\nx,1,a,1.5\nx,2,b,2.5\n'],
])('rows that are wider than the header for another reason are malformed: %s', async (_, text) => {
  const { source, rows } = await open(text, { expected });
  expect(rows).toEqual([]);
  expect(source.malformed?.count).toBe(2);
});

test.each([...'^~:#$%&*', '\u0001', '\u001f'])('%j as a delimiter', async (delimiter) => {
  const lines = ['id,name,amount', '1,a,1.5', '2,b,2.5'].map((line) => line.replaceAll(',', delimiter));
  const headed = await open(lines.join('\n'), { expected });
  expect(headed).toMatchObject({ source: { delimiter, header: true }, rows: ROWS, malformed: [] });
  const headless = await open(lines.slice(1).join('\n'), { expected });
  expect(headless).toMatchObject({ source: { delimiter, header: false }, rows: ROWS, malformed: [] });
});

test.each([...'!@/-_=?'])('%j as a delimiter, if the header has the names', async (delimiter) => {
  const lines = ['id,name,amount', '1,a,1.5', '2,b,2.5'].map((line) => line.replaceAll(',', delimiter));
  const headed = await open(lines.join('\n'), { expected });
  expect(headed).toMatchObject({ source: { delimiter, header: true }, rows: ROWS, malformed: [] });
});

test('another delimiter does not split what a common one delimits, or a single column', async () => {
  const { source } = await open('id,time\n1,10:30\n2,11:45\n');
  expect(source.delimiter).toBe(',');
  const { rows } = await open('mail\na@example.com\nb@example.com\n', { expected: [column('mail')] });
  expect(rows).toEqual([['a@example.com'], ['b@example.com']]);
});

test('text that a common delimiter splits does not hide the real one', async () => {
  const { source, rows } = await open('id^name^amount\n1^Doe, John^1.5\n2^Roe, Jane^2.5\n', { expected });
  expect(source.delimiter).toBe('^');
  expect(rows[0]).toEqual(['1', 'Doe, John', '1.5']);
});
