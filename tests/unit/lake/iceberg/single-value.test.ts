import fc from 'fast-check';
import { literal } from '../../../../shared/engine/sql.ts';
import { withDuckDb } from '../../../../shared/engine/with-duckdb.ts';
import { storedType } from '../../../../shared/lake/iceberg/duckdb-types.ts';
import {
  decodeValue,
  encodeValue,
  truncateLower,
  truncateUpper,
} from '../../../../shared/lake/iceberg/single-value.ts';
import type { PrimitiveType } from '../../../../shared/lake/iceberg/types.ts';
import { scratch } from '../../../helpers/scratch.ts';

const UUID = 'f79c3e09-677c-4bbd-a479-3f349cb785e7';

describe('single values are bytes as the specification has them (Appendix D)', () => {
  // The bytes are PyIceberg 0.12's for the same values.
  test.each<[PrimitiveType, string, string]>([
    ['boolean', 'true', '01'],
    ['boolean', 'false', '00'],
    ['int', '0', '00000000'],
    ['int', '34', '22000000'],
    ['int', '-1', 'ffffffff'],
    ['int', '2147483647', 'ffffff7f'],
    ['int', '-2147483648', '00000080'],
    ['long', '34', '2200000000000000'],
    ['long', '-1', 'ffffffffffffffff'],
    ['long', '-9223372036854775808', '0000000000000080'],
    ['long', '9223372036854775807', 'ffffffffffffff7f'],
    ['float', '1.5', '0000c03f'],
    ['float', '-0.0', '00000080'],
    ['float', '0.10000000149011612', 'cdcccc3d'],
    ['float', 'inf', '0000807f'],
    ['float', '-inf', '000080ff'],
    ['float', '1.0000000150474662e+30', 'caf24971'],
    ['double', '1.5', '000000000000f83f'],
    ['double', '-0.0', '0000000000000080'],
    ['double', '0.1', '9a9999999999b93f'],
    ['double', 'inf', '000000000000f07f'],
    ['double', '1e+30', 'ea8ca039593e2946'],
    ['date', '1970-01-01', '00000000'],
    ['date', '1969-12-31', 'ffffffff'],
    ['date', '2012-01-31', '0a3c0000'],
    ['date', '0001-01-01', 'c606f5ff'],
    ['date', '9999-12-31', 'a0c02c00'],
    ['time', '22:31:08', '008307e012000000'],
    ['time', '23:59:59.999999', 'ff5fd71d14000000'],
    ['timestamp', '1970-01-01 00:00:00', '0000000000000000'],
    ['timestamp', '1969-12-31 23:59:59.999999', 'ffffffffffffffff'],
    ['timestamp', '2017-11-16 22:31:08.5', '20642e2d215e0500'],
    ['timestamptz', '2017-11-16 22:31:08.5+00', '20642e2d215e0500'],
    ['timestamptz', '0001-01-01 00:00:00+00', '0040d400014023ff'],
    ['decimal(9, 2)', '14.20', '058c'],
    ['decimal(9, 2)', '0.00', '00'],
    ['decimal(9, 2)', '-0.01', 'ff'],
    ['decimal(9, 2)', '-1.28', '80'],
    ['decimal(9, 2)', '-1.29', 'ff7f'],
    ['decimal(9, 2)', '1.27', '7f'],
    ['decimal(9, 2)', '1.28', '0080'],
    ['decimal(9, 2)', '327.68', '008000'],
    ['decimal(9, 2)', '-327.68', '8000'],
    ['decimal(3, 3)', '.255', '00ff'],
    ['decimal(38, 0)', '-99999999999999999999999999999999999999', 'b4c4b357a5793b85f675ddc000000001'],
    ['string', '', ''],
    ['string', 'é😀', 'c3a9f09f9880'],
    ['uuid', UUID, UUID.replaceAll('-', '')],
    ['binary', 'a\\x00\\xFF', '6100ff'],
    ['fixed[4]', '\\x00\\x01\\x02\\x03', '00010203'],
  ])('%s %s', (type, text, hex) => {
    expect(encodeValue(type, text)?.toString('hex')).toBe(hex);
    expect(decodeValue(type, Buffer.from(hex, 'hex'))).toBe(text);
  });

  // Beyond what PyIceberg can hold; the numbers are those that DuckDB writes into Parquet.
  test.each<[PrimitiveType, string, bigint]>([
    ['date', 'infinity', 2147483647n],
    ['date', '-infinity', -2147483647n],
    ['date', '5881580-07-10', 2147483646n],
    ['date', '5877642-06-25 (BC)', -2147483646n],
    ['date', '0044-03-15 (BC)', -735160n],
    ['timestamp', '0044-03-15 (BC) 01:02:03', -63517820277000000n],
    ['timestamp', 'infinity', 9223372036854775807n],
    ['timestamptz', '-infinity', -9223372036854775807n],
    ['timestamp', '294247-01-10 04:00:54.775806', 9223372036854775806n],
  ])('%s %s', (type, text, stored) => {
    const bytes = encodeValue(type, text) ?? Buffer.alloc(0);
    expect(bytes.length === 4 ? BigInt(bytes.readInt32LE()) : bytes.readBigInt64LE()).toBe(stored);
    expect(decodeValue(type, bytes)).toBe(text);
  });

  test.each<[PrimitiveType, string]>([
    ['int', '2147483648'],
    ['int', '1.5'],
    ['long', '9223372036854775808'],
    ['double', 'nan'],
    ['float', ''],
    ['boolean', '1'],
    ['date', '2012-02-30'],
    ['date', '2012-01-31 00:00:00'],
    ['time', '24:00:00'],
    ['timestamp', '2012-01-31'],
    ['decimal(4, 2)', '100.00'],
    ['decimal(4, 2)', '1.001'],
    ['decimal(4, 2)', '.'],
    ['uuid', 'f79c3e09'],
    ['binary', 'é'],
    ['fixed[4]', 'abc'],
  ])('%s has no bytes for %s', (type, text) => {
    expect(encodeValue(type, text)).toBeUndefined();
  });

  test('values of a promoted type are recognized by their length', () => {
    expect(decodeValue('long', encodeValue('int', '-5') ?? Buffer.alloc(0))).toBe('-5');
    expect(decodeValue('double', encodeValue('float', '0.1') ?? Buffer.alloc(0))).toBe('0.10000000149011612');
    expect(decodeValue('decimal(12, 2)', encodeValue('decimal(9, 2)', '-1.28') ?? Buffer.alloc(0))).toBe(
      '-1.28',
    );
  });
});

const whole = (bits: number) =>
  fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n });
const inBytes = (length: 4 | 8) =>
  whole(length * 8).map((value) => {
    const bytes = Buffer.alloc(length);
    if (length === 4) bytes.writeInt32LE(Number(value));
    else bytes.writeBigInt64LE(value);
    return bytes;
  });
const days = fc.integer({ min: -2147483647, max: 2147483647 }).map((value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
});
// From DuckDB's first timestamp on: it has none for the lowest numbers.
const micros = fc.bigInt({ min: -9223372022400000000n, max: 9223372036854775807n }).map((value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
});
// ICU, which prints timestamps with a zone, rounds milliseconds beyond 2^53.
const zonedMicros = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }).map((value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
});
const float = fc.float({ noNaN: true }).map((value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
});
const double = fc.double({ noNaN: true }).map((value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
});
const time = fc.bigInt({ min: 0n, max: 86399999999n }).map((value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
});
const bytes = (least: number, most: number) =>
  fc.uint8Array({ minLength: least, maxLength: most }).map((value) => Buffer.from(value));

/** DuckDB's own text of the texts, cast to the type and back. */
const printed = async (type: PrimitiveType, texts: readonly string[]): Promise<string[]> =>
  await withDuckDb({ memoryMb: 512, threads: 1, scratch: scratch() }, async (db) => {
    const rows = await db.all<{ text: string }>(
      `SELECT CAST(CAST(v AS ${storedType(type)}) AS VARCHAR) AS text FROM (VALUES ${texts.map((text, at) => `(${at}, ${literal(text)})`).join(', ')}) AS t(n, v) ORDER BY n`,
    );
    return rows.map(({ text }) => text);
  });

test.each<[PrimitiveType, fc.Arbitrary<Buffer>]>([
  ['int', inBytes(4)],
  ['long', inBytes(8)],
  ['double', double],
  ['date', days],
  ['time', time],
  ['timestamp', micros],
  ['timestamptz', zonedMicros],
  ['uuid', bytes(16, 16)],
  ['binary', bytes(0, 20)],
  [
    'decimal(9, 2)',
    fc
      .integer({ min: -999999999, max: 999999999 })
      .map((value) => encodeValue('decimal(9, 0)', String(value)) ?? Buffer.alloc(0)),
  ],
  [
    'decimal(38, 38)',
    fc
      .bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })
      .map((value) => encodeValue('decimal(38, 0)', String(value)) ?? Buffer.alloc(0)),
  ],
])('any %s is decoded to the text that DuckDB prints, and encoded from it', async (type, values) => {
  const samples = fc.sample(values, { numRuns: 2000, seed: 4 });
  const texts = samples.map((value) => decodeValue(type, value));
  expect(await printed(type, texts)).toEqual(texts);
  expect(texts.map((text) => encodeValue(type, text)?.toString('hex'))).toEqual(
    samples.map((value) => value.toString('hex')),
  );
});

test('any float is decoded to text that DuckDB reads as the same value', async () => {
  const samples = fc.sample(float, { numRuns: 2000, seed: 4 });
  const texts = samples.map((value) => decodeValue('float', value));
  const shown = await printed('float', texts);
  for (const given of [texts, shown])
    expect(given.map((text) => encodeValue('float', text)?.toString('hex'))).toEqual(
      samples.map((value) => value.toString('hex')),
    );
  // Also once the column is a double.
  expect(texts.map((text) => encodeValue('double', text)?.readDoubleLE())).toEqual(
    samples.map((value) => value.readFloatLE()),
  );
});

describe('bounds of text are shortened by code points', () => {
  test.each([
    ['', 2, '', ''],
    ['ab', 2, 'ab', 'ab'],
    ['abc', 2, 'ab', 'ac'],
    ['😀😀😀', 2, '😀😀', '😀😁'],
    ['😀😀', 2, '😀😀', '😀😀'],
    ['a\u{10ffff}x', 2, 'a\u{10ffff}', 'b'],
    ['\u{10ffff}\u{10ffff}x', 2, '\u{10ffff}\u{10ffff}', undefined],
    ['a\ud7ffx', 2, 'a\ud7ff', 'a\ue000'],
  ])('%j to %i', (text, length, lower, upper) => {
    expect([truncateLower(text, length), truncateUpper(text, length)]).toEqual([lower, upper]);
  });

  test('they stay bounds of the text, and valid text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.integer({ min: 1, max: 20 }),
        (text, length) => {
          const encoded = Buffer.from(text);
          const [lower, upper] = [truncateLower(text, length), truncateUpper(text, length)];
          expect(Buffer.compare(Buffer.from(lower), encoded)).toBeLessThanOrEqual(0);
          if (upper !== undefined) {
            expect(Buffer.compare(Buffer.from(upper), encoded)).toBeGreaterThanOrEqual(0);
            expect([...upper].length).toBeLessThanOrEqual(length);
            expect(Buffer.from(upper).toString()).toBe(upper);
          }
        },
      ),
    );
  });
});
