import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Struct, ThriftReader } from '../../../../shared/formats/parquet/thrift.ts';
import { ROOT } from '../../../helpers/engine.ts';
import { stage } from '../../../helpers/staging.ts';

const FILE = path.join(ROOT, 'tests/golden/nanoseconds/input/times.parquet');
const [SCHEMA, LOGICAL_TYPE, TIME, IS_UTC] = [2, 10, 7, 1];

const timesOf = (bytes: Buffer): { utc: number; at: number }[] => {
  const start = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  const elements = new ThriftReader(bytes, start).struct().get(SCHEMA)?.elements ?? [];
  return elements.flatMap(({ fields }: { fields?: Struct }) => {
    const utc = fields?.get(LOGICAL_TYPE)?.fields?.get(TIME)?.fields?.get(IS_UTC);
    return utc === undefined ? [] : [{ utc: utc.number ?? -1, at: utc.header }];
  });
};

test('times of nanoseconds are read alike, in UTC or not', async () => {
  const columns = ['name: id, logicalType: integer', 'name: c, logicalType: time'];
  const bytes = readFileSync(FILE);
  const plain = await stage(columns, bytes);
  expect(Object.values(plain.reasons)).toEqual([['c.type']]);
  const times = timesOf(bytes);
  expect(times.map(({ utc }) => utc)).toEqual([0]);
  for (const { at } of times) bytes[at] = ((bytes[at] ?? 0) & 0xf0) | 1;
  expect(timesOf(bytes).map(({ utc }) => utc)).toEqual([1]);
  const utc = await stage(columns, bytes);
  expect({ all: utc.all, reasons: utc.reasons }).toEqual({ all: plain.all, reasons: plain.reasons });
});
