import type { ExpectedColumn } from '../../../../shared/formats/open-source.ts';
import { open } from '../../../helpers/opened.ts';

const column = (
  sourceName: string,
  logicalType: ExpectedColumn['logicalType'] = 'string',
): ExpectedColumn => ({
  sourceName,
  logicalType,
});

describe('dialect', () => {
  test.each([
    [',', '"', 'a,b\n1,"x;y"\n2,z\n'],
    [';', '"', 'a;b\n1,5;2\n2,5;3\n'],
    ['\t', '"', 'a\tb\n1\t"x,y"\n'],
    ['|', '"', 'a|b|c\n1|2|3, and 4\n'],
    [',', "'", "a,b\n'1,5','it''s'\n'2','x'\n"],
    [',', '"', "a,b\n'tis,1\n'twas,2\n"],
  ])('%j and %s (%#)', async (delimiter, quote, text) => {
    const { source } = await open(text);
    expect(source).toMatchObject({ delimiter, quote, header: true });
    expect(source.malformed).toBeUndefined();
  });

  test('names of the contract outweigh regular records', async () => {
    const text = 'id;note\n1;a,b,c\n2;d,e,f\n3;g,h,i\n';
    const { source } = await open(text, { expected: [column('id'), column('note')] });
    expect(source.delimiter).toBe(';');
  });

  test('the header has as many fields as the records, whatever their number', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => `01.01.2024;${i},5;80,2;1013,1`);
    const { source } = await open(`Datum;Temp;Feuchte;Druck\n${rows.join('\n')}\n`);
    expect(source.delimiter).toBe(';');
    expect(source.columns).toEqual(['Datum', 'Temp', 'Feuchte', 'Druck']);
  });

  test('commas in a single column are text', async () => {
    const text = 'note\nDoe, John\nRoe, Jane\n';
    const { rows, malformed } = await open(text, { expected: [column('note')] });
    expect(rows).toEqual([['Doe, John'], ['Roe, Jane']]);
    expect(malformed).toEqual([]);
  });

  test('quotes that are escaped by a backslash', async () => {
    const { rows, malformed } = await open(
      'id,doc\n1,"{\\"a\\": 1, \\"b\\": 2}"\n2,"c:\\\\x, y"\n3,"plain"\n',
    );
    expect(rows).toEqual([
      ['1', '{"a": 1, "b": 2}'],
      ['2', 'c:\\x, y'],
      ['3', 'plain'],
    ]);
    expect(malformed).toEqual([]);
  });

  test('one column', async () => {
    const { rows, lines } = await open('name\nAnn\n\n""\nBob\n');
    expect(rows).toEqual([['Ann'], [null], ['Bob']]);
    expect(lines).toEqual([2, 4, 5]);
  });
});

describe('header', () => {
  const expected = [column('id', 'integer'), column('name')];

  test('names match without regard to case and blanks', async () => {
    const { source } = await open(' ID , Name\n1,x\n', { expected });
    expect(source).toMatchObject({ header: true, columns: ['ID', 'Name'], records: 1 });
  });

  test('a first record that looks like a row of the contract is no header', async () => {
    const { source, lines } = await open('1,Ann\n2,Bob\n', { expected });
    expect(source).toMatchObject({ header: false, columns: ['id', 'name'], records: 2 });
    expect(lines).toEqual([1, 2]);
  });

  test('a first record of names that the contract does not have is a header', async () => {
    await expect(open('key,label\n1,x\n', { expected })).rejects.toMatchObject({
      name: 'ContractMismatch',
      message: expect.stringMatching(/^Line 1 was read as the header, and none of its 2 columns/),
    });
  });

  test('without a contract, a first record of values is no header', async () => {
    const { source } = await open('1,2020-01-01\n2,2020-01-02\n');
    expect(source).toMatchObject({ header: false, columns: ['column1', 'column2'], records: 2 });
  });

  test('lines before it, lines within it, and a byte order mark', async () => {
    const { source, rows, lines } = await open('\ufeff\n\n"i\nd", "name"\n1,x\n');
    expect(source.columns).toEqual(['i\nd', 'name']);
    expect(rows).toEqual([['1', 'x']]);
    expect(lines).toEqual([5]);
  });
});

describe('malformed records', () => {
  test('each is listed with its line, its text and the reason', async () => {
    const { rows, lines, malformed } = await open('id,name\n1\n2,"a\nb"\n3,"x"y\n4,a,b\n5,"open\n6,ok\n');
    expect(rows).toEqual([
      ['2', 'a\nb'],
      ['6', 'ok'],
    ]);
    expect(lines).toEqual([3, 8]);
    expect(malformed).toMatchObject([
      { line: 2, raw: '1', rule: 'columns', message: 'The record has 1 fields where 2 are expected' },
      { line: 5, raw: '3,"x"y', rule: 'quote' },
      { line: 6, raw: '4,a,b', rule: 'columns' },
      { line: 7, raw: '5,"open', rule: 'quote' },
    ]);
  });

  test('a file of malformed records only is not empty', async () => {
    const { source, rows } = await open('id,name\n1\n2\n');
    expect(source.malformed?.count).toBe(2);
    expect(rows).toEqual([]);
  });

  test('a record that is too long is cut, and skipped to the end of its line', async () => {
    const { rows, malformed, lines } = await open(`id,name\n1,${'é'.repeat(2_000_000)}\r\n2,x\n`, {
      maxRecordBytes: 100_000,
    });
    expect(rows).toEqual([['2', 'x']]);
    expect(lines).toEqual([3]);
    expect(malformed).toMatchObject([{ line: 2, rule: 'length' }]);
    expect(malformed[0]?.raw).toBe(`1,${'é'.repeat(32 * 1024 - 1)}`);
  });

  test('long records within the limit are read', async () => {
    const long = 'x'.repeat(12_000_000);
    const { rows, malformed } = await open(`id,name\n1,"${long}"\n2,y\n3,${long}`);
    expect(rows).toEqual([
      ['1', long],
      ['2', 'y'],
      ['3', long],
    ]);
    expect(malformed).toEqual([]);
  });
});
