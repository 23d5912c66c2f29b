import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { asUnreadable } from '../../../shared/formats/open-source.ts';
import { open, openFile, parquet, withOpener } from '../../helpers/opened.ts';
import { longTest } from '../../helpers/stress.ts';

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
  ])('%s is recognised by content, with all its members (%#)', async (compression, bytes) => {
    // The name is wrong: only the content counts.
    const { source, rows } = await open(bytes, {}, 'data.gz');
    expect(source).toMatchObject({ compression, bytes: Buffer.byteLength(CSV), records: 2 });
    expect(rows).toEqual(ROWS);
  });

  longTest('many zstd frames across many reads', async () => {
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

  test.each([
    ['Shift JIS', '835c836a815b', 'shift_jis', 'ソニー'],
    ['GB18030', '81308130', 'gb18030', '\u0080'],
    ['Mac Roman', '8e8f', 'macintosh', 'éè'],
  ])(
    '%s is refused for bytes that Windows-1252 does not define, and read where it is stated',
    async (_, hex, encoding, text) => {
      const bytes = Buffer.concat([Buffer.from('id,name\n1,'), Buffer.from(hex, 'hex'), Buffer.from('\n')]);
      await expect(open(bytes)).rejects.toMatchObject({
        name: 'UnreadableFile',
        message: expect.stringMatching(/^The text is neither UTF-8 nor Windows-1252.*save it as UTF-8/),
      });
      const { source, rows } = await open(bytes, { reading: { encoding } });
      expect(source.encoding).toBe(encoding);
      expect(rows[0]).toEqual(['1', text]);
    },
  );

  test('a byte order mark overrides the stated encoding, and invalid bytes are found in stated UTF-8', async () => {
    const marked = await open(Buffer.from(bom + CSV, 'utf16le'), { reading: { encoding: 'shift_jis' } });
    expect(marked).toMatchObject({ source: { encoding: 'utf-16le' }, rows: ROWS });
    const latin = await open(Buffer.from(CSV, 'latin1'), { reading: { encoding: 'utf-8' } });
    expect(latin.malformed).toMatchObject([{ line: 2, rule: 'encoding' }]);
    const cyrillic = await open(Buffer.from('69640ac6e8e7ed', 'hex'), { reading: { encoding: 'cp1251' } });
    expect(cyrillic.rows).toEqual([['Жизн']]);
  });

  test('a character that two reads cut in two is valid', async () => {
    const name = 'é'.repeat(700_000);
    const { source, rows } = await open(`id,name\n1,${name}\n22,${name}\n`);
    expect(source).toMatchObject({ encoding: 'utf-8', records: 2 });
    expect(rows.map((row) => row[1])).toEqual([name, name]);
  });

  test('invalid bytes in a UTF-8 file make only their records malformed', async () => {
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
      { line: 3, row: 1, raw: '2,\ufffd', rule: 'encoding', message: 'The record is not valid UTF-8' },
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

describe('the error tells in which way a file is empty', () => {
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

describe('the error names the format of a file that is not read', () => {
  test.each([
    ['ZIP archive', '504b030414000600'],
    ['ORC', '4f52430a0b0a0300'],
    ['PDF', '255044462d312e37'],
    ['bzip2', '425a6839314159265359ab12ff00'],
    ['xz', 'fd377a585a000004'],
    ['LZMA', '5d00008000ffffffffffffffff'],
    ['Snappy', 'ff060000734e6150705900180000'],
    ['LZ4', '04224d185440ae12'],
    ['RAR', '526172211a0701003392b5e5'],
    ['7-Zip', '377abcaf271c0004'],
    ['.xls', 'd0cf11e0a1b11ae1'],
    ['Arrow or Feather', '4152524f57310000ffffffff'],
    ['Arrow or Feather', '464541310000000001000000'],
    ['Arrow stream', 'ffffffffa800000010000000'],
    ['encrypted Parquet', '50415245150415201524'],
    ['DuckDB', '06d76f27c2dab3b94455434b40000000'],
    ['HTML', Buffer.from('\ufeff\n<!DOCTYPE html>\n<html>').toString('hex')],
    ['HTML', Buffer.from('<table border="1">').toString('hex')],
    ['XML', Buffer.from('\ufeff<?xml version="1.0"?>', 'utf16le').toString('hex')],
    ['XML', Buffer.from('<rows n="1">\n  <row>1</row>').toString('hex')],
    ['SQLite', '53514c69746520666f726d6174203300'],
    ['Parquet file whose end is missing', '5041523115041510'],
    ['binary', '00010203ff1112130a0b'],
  ])('%s', async (message, bytes) => {
    await expect(open(Buffer.from(bytes, 'hex'))).rejects.toMatchObject({
      name: 'UnreadableFile',
      message: expect.stringContaining(message),
    });
  });

  test('a tar archive by its checksum, also where it is compressed', async () => {
    const tar = Buffer.alloc(1024);
    tar.write('orders.csv');
    tar.write('000644 ', 100);
    tar.fill(' ', 148, 156);
    tar.write(
      `${tar
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    for (const bytes of [tar, gzipSync(tar)])
      await expect(open(bytes)).rejects.toThrow('looks like a tar archive');
    tar.write('x', 0);
    await expect(open(tar)).rejects.toThrow('binary and in no known format');
  });

  test('a text that begins like such a format is a text', async () => {
    const { source: angles } = await open('<id>,<name>\n<1>,<a>\n');
    expect(angles.columns).toEqual(['<id>', '<name>']);
    const { source } = await open('ORC,BZh,PAR1\n1,2,3\n');
    expect(source.columns).toEqual(['ORC', 'BZh', 'PAR1']);
    const { source: accented } = await open('ORCID;Prénom;Nom\n1;Zoé;B\n');
    expect(accented.columns).toEqual(['ORCID', 'Prénom', 'Nom']);
    const { source: german } = await open(Buffer.from('BZhöhe,x\n1,2\n', 'latin1'));
    expect(german.columns).toEqual(['BZhöhe', 'x']);
  });
});

describe('paths', () => {
  test('are read neither as patterns nor as partitions', async () => {
    await withOpener(async (opener) => {
      await writeFile(path.join(opener.scratch, 'x1.csv'), 'id,name\n8,other\n9,other\n');
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
