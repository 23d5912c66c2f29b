import { readFileSync } from 'node:fs';
import path from 'node:path';
import { costTables, withTables } from '../../../../cli/render/cost-tables.ts';
import {
  ASSUMPTIONS,
  compare,
  consumptionOf,
  duckstepCost,
  GLUE_MINIMUM,
  glueCost,
  onAws,
  SHELL_LIMIT_BYTES,
} from '../../../../operate/cost/compare.ts';
import { type Measured, readMeasured } from '../../../../operate/cost/measured.ts';
import { UsageError } from '../../../../shared/errors.ts';
import { estimateCost, PRICE_SOURCES, PRICES } from '../../../../shared/run/prices.ts';
import { ROOT } from '../../../helpers/engine.ts';

const usage = {
  ...{ duration_ms: 1000, memory_mb: 1024, storage_mb: 512, architecture: 'arm64' as const },
  ...{ requests: 10, requests_write: 4, requests_read: 5, requests_catalog: 0 },
  ...{ bytes_read: 1_000_000, bytes_written: 500_000 },
};
const states = { validate: usage, quality: usage, transform: usage, load: usage };
const sizeOf = (bytes: number, duration_ms: number): Measured['sizes'][number] => ({
  label: `${bytes}`,
  bytes,
  rounds: 1,
  states: { validate: { ...usage, duration_ms }, quality: usage, transform: usage, load: usage },
});

test('a state on AWS: S3 answers, moves bytes, and now and then the function starts', () => {
  const { duration_ms, init_ms, ...rest } = onAws(usage);
  expect(duration_ms).toBeCloseTo(1000 + 10 * 20 + 1000 * (1.5 / 75), 6);
  expect(init_ms).toBe(50);
  expect(rest).toEqual({ ...usage, duration_ms: undefined });
  // Nine parts of 8 MiB more to read; what is written is begun and completed.
  const large = onAws({ ...usage, bytes_read: 80_000_000, bytes_written: 20_000_000 });
  expect(large).toMatchObject({ requests_read: 5 + 9, requests_write: 4 + 2 + 2 });
});

test('a file makes eight transitions, and all of its usage adds up', () => {
  const seconds = (onAws(usage).duration_ms + 50) / 1000;
  expect(consumptionOf(states)).toMatchObject({
    gbSeconds: expect.closeTo(4 * seconds, 9),
    storageGbSeconds: 0,
    invocations: 4,
    transitions: 8,
    s3Writes: 16,
    s3Reads: 20,
    catalogRequests: ASSUMPTIONS.catalogRequests,
  });
});

test('Glue charges by the second, and a least', () => {
  expect(glueCost(2, 3600, GLUE_MINIMUM.job)).toBeCloseTo(2 * PRICES.glueDpuHour, 9);
  expect(glueCost(2, 5, GLUE_MINIMUM.job)).toBeCloseTo((2 * PRICES.glueDpuHour) / 60, 9);
  expect(glueCost(2, 5, GLUE_MINIMUM.crawler)).toBeCloseTo((2 * PRICES.glueDpuHour) / 6, 9);
});

test('sizes in between are on a straight line, and larger ones on the last', () => {
  const measured = { sizes: [sizeOf(1_000, 1_000), sizeOf(2_000, 3_000), sizeOf(3_000, 4_000)] };
  const [low, middle, high] = measured.sizes.map((size) => estimateCost(consumptionOf(size.states)));
  expect(duckstepCost(measured, 1)).toBe(low);
  expect(duckstepCost(measured, 1_500)).toBeCloseTo(((low ?? 0) + (middle ?? 0)) / 2, 12);
  expect(duckstepCost(measured, 2_000)).toBeCloseTo(middle ?? 0, 12);
  expect(duckstepCost(measured, 4_000)).toBeCloseTo(2 * (high ?? 0) - (middle ?? 0), 12);
  expect(() => duckstepCost({ sizes: [] }, 1)).toThrow(UsageError);
});

test('ways compared: a job for each file, one a day, and what it cannot take', () => {
  const measured = { sizes: [sizeOf(1_000, 1_000)] };
  const small = compare(measured, { bytes: 1_000, filesPerDay: 60 });
  expect(small.duckstep).toBe(duckstepCost(measured, 1_000));
  expect(small.spark).toBeCloseTo((2 * 60 * 0.44) / 3600, 9);
  expect(small.sparkDaily).toBeCloseTo(small.spark / 60, 9);
  expect(small.shell).toBeCloseTo((0.0625 * 60 * 0.44) / 3600, 9);
  expect(small.crawlerDaily).toBeCloseTo((2 * 600 * 0.44) / 3600 / 60, 9);
  expect(compare(measured, { bytes: SHELL_LIMIT_BYTES + 1, filesPerDay: 1 }).shell).toBeUndefined();
});

test.each([
  [0, 1],
  [1, 0],
  [Number.NaN, 1],
])('%f bytes, %f a day: refused', (bytes, filesPerDay) => {
  expect(() => compare({ sizes: [sizeOf(1, 1)] }, { bytes, filesPerDay })).toThrow(UsageError);
});

test('docs/costs.md says what was measured, at the prices as they are', async () => {
  const page = readFileSync(path.join(ROOT, 'docs/costs.md'), 'utf8');
  const measured = await readMeasured(ROOT);
  expect(withTables(page, costTables(measured))).toBe(page);
  expect(measured.sizes.map(({ label }) => label)).toEqual(['1 KB', '1 MB', '10 MB', '100 MB', '1 GB']);
  for (const { states } of measured.sizes)
    expect(Object.keys(states)).toEqual(['validate', 'quality', 'transform', 'load']);
  // Of each size raw was read once, whole.
  for (const { bytes, states } of measured.sizes) expect(states.validate?.bytes_read).toBe(bytes);
});

test('every price has a source', () => {
  const sourced = PRICE_SOURCES.flatMap(({ prices }) => prices);
  expect(sourced.toSorted()).toEqual(Object.keys(PRICES).toSorted());
});
