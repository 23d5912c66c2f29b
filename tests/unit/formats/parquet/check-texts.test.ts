import { readFileSync } from 'node:fs';
import path from 'node:path';
import { literal } from '../../../../shared/engine/sql.ts';
import {
  isDeltaText,
  MAX_PAGE_TEXT_BYTES,
  textBytes,
} from '../../../../shared/formats/parquet/check-texts.ts';
import { levelsOf } from '../../../../shared/formats/parquet/columns.ts';
import { deltaSum } from '../../../../shared/formats/parquet/delta-lengths.ts';
import { ThriftReader } from '../../../../shared/formats/parquet/thrift.ts';
import { ROOT } from '../../../helpers/engine.ts';
import { openFile, withOpener } from '../../../helpers/opened.ts';

const FIXTURES = path.join(ROOT, 'tests/fixtures/formats');

/** The first page of a file. */
const firstPage = (bytes: Buffer) => {
  const reader = new ThriftReader(bytes, 4);
  const header = reader.struct();
  return { header, page: bytes.subarray(reader.at, reader.at + (header.get(3)?.number ?? 0)) };
};

test.each([
  ['delta-texts-v1.parquet', 'SNAPPY', 'a'],
  ['delta-texts-v2.parquet', 'ZSTD', 'a'],
  ['delta-texts-list.parquet', 'UNCOMPRESSED', 'array_to_string(l, chr(0))'],
])('%s: the bytes of the texts are counted without decoding them', async (name, codec, text) => {
  const file = path.join(FIXTURES, name);
  await withOpener(async ({ db, scratch }) => {
    const [levels = { repetition: 0, definition: 0 }] = await levelsOf(db, file);
    const { header, page } = firstPage(readFileSync(file));
    const [expected] = await db.all<{ bytes: unknown }>(
      // A list's texts are joined by one byte.
      `SELECT sum(strlen(${text})${text === 'a' ? '' : ' - len(l) + 1'})::INTEGER AS bytes FROM ${literal(file)}`,
    );
    expect(isDeltaText(header)).toBe(true);
    expect(textBytes(header, page, codec, levels)).toBe(expected?.bytes);
    expect(textBytes(header, page, 'LZO', levels)).toBeUndefined();
    if (codec !== 'UNCOMPRESSED') expect(textBytes(header, page.subarray(30), codec, levels)).toBeUndefined();
    expect((await openFile(db, scratch, file)).rows).toHaveLength(700);
  });
});

test('a file of few bytes whose texts take much memory is refused', async () => {
  await withOpener(async ({ db, scratch }) => {
    const file = path.join(FIXTURES, 'delta-texts-bomb.parquet');
    expect(readFileSync(file).length).toBeLessThan(20_000);
    await expect(openFile(db, scratch, file)).rejects.toMatchObject({
      name: 'UnreadableFile',
      message: expect.stringMatching(
        `^A page of column "a" holds texts of more than ${MAX_PAGE_TEXT_BYTES} bytes in \\d+`,
      ),
    });
  });
});

describe('sums of packed differences', () => {
  const sum = (bytes: number[], most = 1e9) => deltaSum(Buffer.from(bytes), 0, most);

  test('as the specification has them', () => {
    // 128 values a block in 4 parts; 5 values that begin with 7: 7, 5, 3, 1, 2.
    const deltas = [128, 1, 4, 5, 14, 3, 2, 0, 0, 0];
    expect(sum([...deltas, 0b11_00_00_00, 0, 0, 0, 0, 0, 0, 0])).toEqual({ sum: 18, count: 5, end: 18 });
    expect(sum([128, 1, 4, 1, 6])).toEqual({ sum: 3, count: 1, end: 5 });
    expect(sum([128, 1, 4, 0, 0])).toEqual({ sum: 0, count: 0, end: 5 });
  });

  test.each([
    ['no bytes', []],
    ['a block without parts', [128, 1, 0, 5, 14]],
    ['parts that are no whole bytes', [4, 4, 5, 14]],
    ['bytes that end early', [128, 1, 4, 5, 14, 3, 2, 0, 0, 0, 1]],
    ['numbers wider than a length', [128, 1, 4, 5, 14, 3, 60, 0, 0, 0]],
    ['more values than a page holds', [128, 1, 4, 255, 255, 255, 255, 7, 14, 0, 0, 0, 0, 0]],
  ])('%s: none', (_, bytes) => {
    expect(sum(bytes)).toBeUndefined();
  });

  test('reading ends where the sum is too large', () => {
    // A million times the same number, in no bits.
    const many = [128, 1, 4, 192, 132, 61, 200, 1];
    expect(sum([...many, ...Array.from({ length: 40 }, () => [0, 0, 0, 0, 0]).flat()], 1000)?.sum).toBe(1100);
  });
});
