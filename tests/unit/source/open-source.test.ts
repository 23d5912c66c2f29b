import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { ExpectedColumn } from '../../../shared/source/open-source.ts';
import { asUnreadable } from '../../../shared/source/open-source.ts';
import { type Opened, type Opener, openFile, withOpener } from './opened.ts';

const column = (
  sourceName: string,
  logicalType: ExpectedColumn['logicalType'] = 'string',
): ExpectedColumn => ({
  sourceName,
  logicalType,
});

/** Opens one file of these bytes. */
const open = (...args: Parameters<Opener['open']>): Promise<Opened> =>
  withOpener(({ open }) => open(...args));

/** A Parquet file as DuckDB writes it. */
const parquet = async ({ db, scratch }: Opener, select: string, name = 'file.parquet'): Promise<string> => {
  const path = join(scratch, name);
  await db.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  return path;
};

const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const CSV = 'id,name\n1,Zoë\n2,Ann\n';
const ROWS = [
  ['1', 'Zoë'],
  ['2', 'Ann'],
];

describe('compression', () => {
  test.each([
    ['gzip', gzipSync(CSV)],
    ['gzip', Buffer.concat([gzipSync('id,name\n1,Zoë\n'), gzipSync('2,Ann\n')])],
    ['zstd', zstdCompressSync(CSV)],
    ['zstd', Buffer.concat([zstdCompressSync('id,name\n1,Zoë\n'), zstdCompressSync('2,Ann\n')])],
    ['zstd', Buffer.concat([Buffer.from('502a4d180200000000ff', 'hex'), zstdCompressSync(CSV)])],
    ['none', Buffer.from(CSV)],
  ])('%s is found by content, in all its members (%#)', async (compression, bytes) => {
    // The name lies: what counts is inside.
    const { source, rows } = await open(bytes, {}, 'data.gz');
    expect(source).toMatchObject({ compression, bytes: Buffer.byteLength(CSV), records: 2 });
    expect(rows).toEqual(ROWS);
  });

  test('many zstd frames across many reads', async () => {
    const frames = Array.from({ length: 5000 }, (_, i) => zstdCompressSync(`${i},${'x'.repeat(i % 300)}\n`));
    const { source } = await open(Buffer.concat([zstdCompressSync('id,x\n'), ...frames]));
    expect(source.records).toBe(5000);
  });

  test.each([
    ['gzip cut off', gzipSync(CSV).subarray(0, -4)],
    ['zstd cut off', zstdCompressSync(CSV.repeat(1000)).subarray(0, -4)],
    ['gzip and then something else', Buffer.concat([gzipSync(CSV), Buffer.from('more')])],
    ['zstd and then something else', Buffer.concat([zstdCompressSync(CSV), Buffer.from('more')])],
    ['compressed twice', gzipSync(gzipSync(CSV))],
    ['gzip in zstd', zstdCompressSync(gzipSync(CSV))],
  ])('%s is unreadable', async (_, bytes) => {
    await expect(open(bytes)).rejects.toMatchObject({ name: 'UnreadableFile' });
  });

  test.each([
    ['gzip', gzipSync(Buffer.alloc(50_000_000, 'a\n'))],
    ['zstd', zstdCompressSync(Buffer.alloc(50_000_000, 'a\n'))],
  ])('a %s bomb is stopped at the limit', async (_, bytes) => {
    await expect(open(bytes, { maxUnpackedBytes: 1_000_000 })).rejects.toMatchObject({
      name: 'DecompressionLimit',
      message: expect.stringContaining('1000000 bytes'),
    });
  });
});

describe('encoding', () => {
  const bom = '\ufeff';
  test.each([
    ['utf-8', Buffer.from(CSV)],
    ['utf-8', Buffer.from(bom + CSV)],
    ['utf-16le', Buffer.from(bom + CSV, 'utf16le')],
    ['utf-16be', utf16be(bom + CSV)],
    ['utf-16le', Buffer.from(CSV, 'utf16le')],
    ['utf-16be', utf16be(CSV)],
    ['windows-1252', Buffer.from(CSV, 'latin1')],
  ])('%s (%#)', async (encoding, bytes) => {
    const { source, rows } = await open(bytes);
    expect(source).toMatchObject({ encoding, columns: ['id', 'name'], firstLine: 2 });
    expect(rows).toEqual(ROWS);
  });

  test('windows-1252 has characters where Latin-1 has none', async () => {
    const { rows } = await open(Buffer.from([...Buffer.from('id,price\n1,5 '), 0x80, 0x0a]));
    expect(rows).toEqual([['1', '5 €']]);
  });

  test('a character across the border of two reads is no invalid one', async () => {
    const name = 'é'.repeat(700_000);
    const { source, rows } = await open(`id,name\n1,${name}\n22,${name}\n`);
    expect(source).toMatchObject({ encoding: 'utf-8', records: 2 });
    expect(rows.map((row) => row[1])).toEqual([name, name]);
  });

  test('bad bytes in a UTF-8 file cost their records and no others', async () => {
    const bytes = Buffer.concat([
      Buffer.from('id,name\n1,Zoë\n2,'),
      Buffer.from([0xff]),
      Buffer.from('\n3,é\n'),
    ]);
    const { rows, lines, malformed } = await open(bytes);
    expect(rows).toEqual([
      ['1', 'Zoë'],
      ['3', 'é'],
    ]);
    expect(lines).toEqual([2, 4]);
    expect(malformed).toEqual([
      { line: 3, raw: '2,\ufffd', rule: 'encoding', message: 'The record is not valid UTF-8' },
    ]);
  });

  test.each([
    [
      'a lone surrogate',
      Buffer.concat([Buffer.from(`${bom}a\n`, 'utf16le'), Buffer.from([0x00, 0xd8, 0x61, 0x00])]),
    ],
    ['half a unit', Buffer.concat([Buffer.from(`${bom}a,b\n`, 'utf16le'), Buffer.from([0x61])])],
    ['UTF-32', Buffer.from('fffe000061000000', 'hex')],
  ])('%s is unreadable', async (_, bytes) => {
    await expect(open(bytes)).rejects.toMatchObject({ name: 'UnreadableFile' });
  });
});

describe('empty files say in which way they are', () => {
  test.each([
    ['no bytes', ''],
    ['no bytes', gzipSync('')],
    ['byte order mark', '\ufeff'],
    ['blanks', ' \n\r\n\t\n'],
    ['header and no rows', 'id,name\n'],
    ['header and no rows', 'id,name\r\n\r\n'],
    ['empty JSON array', ' [ ] '],
  ])('%s (%#)', async (message, bytes) => {
    await expect(open(bytes)).rejects.toMatchObject({
      name: 'EmptyFile',
      message: expect.stringContaining(message),
    });
  });

  test('Parquet', async () => {
    await withOpener(async (opener) => {
      const path = await parquet(opener, 'SELECT 1 AS a WHERE false');
      await expect(openFile(opener.db, opener.scratch, path)).rejects.toMatchObject({
        name: 'EmptyFile',
        message: 'The Parquet file holds no rows. Check the system that wrote it.',
      });
    });
  });
});

describe('what is no data is named', () => {
  test.each([
    ['ZIP archive', '504b030414000600'],
    ['Avro', '4f626a0104'],
    ['ORC', '4f52430a0b0a0300'],
    ['PDF', '255044462d312e37'],
    ['bzip2', '425a6839314159265359ab12ff00'],
    ['xz', 'fd377a585a000004'],
    ['SQLite', '53514c69746520666f726d6174203300'],
    ['Parquet file whose end is missing', '5041523115041510'],
    ['binary', '00010203ff1112130a0b'],
  ])('%s', async (message, bytes) => {
    await expect(open(Buffer.from(bytes, 'hex'))).rejects.toMatchObject({
      name: 'UnreadableFile',
      message: expect.stringContaining(message),
    });
  });

  test('a text that begins like one of them is a text', async () => {
    const { source } = await open('ORC,BZh,PAR1\n1,2,3\n');
    expect(source.columns).toEqual(['ORC', 'BZh', 'PAR1']);
  });
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

  test('the names of the contract outweigh what looks regular', async () => {
    const text = 'id;note\n1;a,b,c\n2;d,e,f\n3;g,h,i\n';
    const { source } = await open(text, { expected: [column('id'), column('note')] });
    expect(source.delimiter).toBe(';');
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

  test('a first record that looks like a row of the contract is one', async () => {
    const { source, lines } = await open('1,Ann\n2,Bob\n', { expected });
    expect(source).toMatchObject({ header: false, columns: ['id', 'name'], records: 2 });
    expect(lines).toEqual([1, 2]);
  });

  test('other names are a header all the same', async () => {
    const { source } = await open('key,label\n1,x\n', { expected });
    expect(source).toMatchObject({ header: true, columns: ['key', 'label'] });
  });

  test('without a contract, a first record of values is none', async () => {
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
  test('each with its line, its text and why', async () => {
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

  test('nothing but malformed records is not an empty file', async () => {
    const { source, rows } = await open('id,name\n1\n2\n');
    expect(source.malformed?.count).toBe(2);
    expect(rows).toEqual([]);
  });

  test('what is too long is cut, and skipped to the end of its line', async () => {
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

describe('JSON', () => {
  test('an array, whatever its layout', async () => {
    const { source, rows } = await open('\ufeff [ {"a": 1, "b": 12345678901234567890.10},\n {"a": [2]} ]\n');
    expect(source).toMatchObject({
      format: 'json',
      shape: 'documents',
      columns: [],
      records: 2,
      firstLine: 1,
    });
    expect(rows).toEqual([['{"a": 1, "b": 12345678901234567890.10}'], ['{"a": [2]}']]);
  });

  test.each([
    '[{"a":1},{"a":2}',
    '[{"a":1},{"a":',
    '[{"a":1}] x',
    '[{"a":1},]',
    '{"a":1}{"a":',
    '{\n"a":\n',
    '{',
  ])('%j is unreadable', async (text) => {
    await expect(open(text)).rejects.toMatchObject({ name: 'UnreadableFile' });
  });

  test('one object per line: lines are handed on as they are, blank ones are not', async () => {
    const { source, rows, lines } = await open('\n{"a":"x, \\"y\\""}\r\n  \n{bad\n{"a":2}');
    expect(source).toMatchObject({ format: 'ndjson', shape: 'documents', records: 3 });
    expect(rows).toEqual([['{"a":"x, \\"y\\""}'], ['{bad'], ['{"a":2}']]);
    expect(lines).toEqual([2, 4, 5]);
  });

  test('a bad first line does not cost the others', async () => {
    const { source } = await open('{"a":\n{"a":2}\n{"a":3}\n');
    expect(source).toMatchObject({ format: 'ndjson', records: 3 });
  });

  test.each(['{"a":1}{"a":2}\n{"a":3}', '{\n "a": 1\n}\n{\n "a": 2\n}\n{"a":3}'])(
    'objects without lines of their own: %j',
    async (text) => {
      const { source, rows } = await open(text);
      expect(source).toMatchObject({ format: 'json', records: 3 });
      expect(rows.map(([doc]) => JSON.parse(String(doc)).a)).toEqual([1, 2, 3]);
    },
  );

  test('a control character in a document is no delimiter', async () => {
    const text = '{"a":"\u001f"}\n{"a":"\u001e"}\n{"a":"something longer, so that the file is text"}\n';
    const { rows } = await open(text);
    expect(rows.map(([doc]) => doc)).toEqual(text.trim().split('\n'));
  });

  test('a bracket that begins a name is no array', async () => {
    const { source } = await open('[id],[name]\n1,x\n');
    expect(source).toMatchObject({ format: 'csv', columns: ['[id]', '[name]'] });
  });
});

describe('Parquet', () => {
  test('columns of any name and type, by position', async () => {
    await withOpener(async (opener) => {
      const path = await parquet(
        opener,
        `SELECT 1 AS "we ""ird ", {x: 1, y: [2, 3]} AS s, DATE '2020-01-01' AS "Day", MAP {'k': 1} AS m, 2 AS c0`,
      );
      const { source, rows } = await openFile(opener.db, opener.scratch, path);
      expect(source).toMatchObject({
        format: 'parquet',
        shape: 'columns',
        columns: ['we "ird', 's', 'Day', 'm', 'c0'],
        records: 1,
      });
      expect(rows).toHaveLength(1);
      const types = await opener.db.all(`SELECT typeof(c1) AS c1, typeof(c2) AS c2 FROM ${source.relation}`);
      expect(types).toEqual([{ c1: 'STRUCT(x INTEGER, y INTEGER[])', c2: 'DATE' }]);
    });
  });

  test('inside gzip, and cut off', async () => {
    await withOpener(async (opener) => {
      const { readFile } = await import('node:fs/promises');
      const bytes = await readFile(await parquet(opener, 'SELECT range AS a FROM range(1000)'));
      const { source } = await opener.open(gzipSync(bytes));
      expect(source).toMatchObject({ format: 'parquet', compression: 'gzip', records: 1000 });
      const broken = Buffer.concat([bytes.subarray(0, bytes.length - 60), Buffer.from('PAR1')]);
      await expect(opener.open(broken)).rejects.toMatchObject({ name: 'UnreadableFile' });
      await expect(opener.open(bytes.subarray(0, -1))).rejects.toMatchObject({ name: 'UnreadableFile' });
    });
  });
});

describe('paths', () => {
  test('are no patterns and no partitions', async () => {
    await withOpener(async (opener) => {
      await writeFile(join(opener.scratch, 'x1.csv'), 'id,name\n8,other\n9,other\n');
      const { rows } = await opener.open('id,name\n1,x\n', {}, "x[1]'s.csv");
      expect(rows).toEqual([['1', 'x']]);
      expect((await opener.open('[{"a":1}]', {}, 'year=2020 *.json')).rows).toEqual([['{"a":1}']]);
    });
  });
});

test('only errors about the data become UnreadableFile', () => {
  expect(asUnreadable(new Error('Invalid Input Error: Malformed JSON'))).toMatchObject({
    name: 'UnreadableFile',
  });
  const full = new Error('IO Error: Could not write file: No space left on device');
  expect(asUnreadable(full)).toBe(full);
  const memory = new Error('Out of Memory Error: failed to allocate');
  expect(asUnreadable(memory)).toBe(memory);
});
