import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { consumed } from '../../../../shared/run/consumption.ts';
import { estimateCost, NOTHING } from '../../../../shared/run/prices.ts';
import { metricsOf } from '../../../../shared/runtime/telemetry/step-metrics.ts';
import { ROOT } from '../../../helpers/engine.ts';

const PERCENT = 20;
const usage = { duration_ms: 2_000, memory_mb: 2_048, requests: 3, bytes_read: 10, bytes_written: 20 };

test('takes counts, score and usage out of an output, and nothing that came out of a file', () => {
  const { step } = metricsOf(
    {
      rows: { read: 5, accepted: 4, rejected: 1 },
      score: 0.8,
      unknown_columns: ['secret'],
      usage,
    },
    PERCENT,
  );
  const { Cost, ...others } = step;
  expect(others).toEqual({
    RowsRead: 5,
    RowsAccepted: 4,
    RowsRejected: 1,
    Score: 0.8,
    BytesRead: 10,
    BytesWritten: 20,
    Duration: 2_000,
  });
  expect(Cost).toBeCloseTo(
    estimateCost(consumed([usage])) + estimateCost({ ...NOTHING, transitions: 1 }),
    12,
  );
});

test.each([
  [{ status: 'loaded' }, { FilesLoaded: 1 }, { QuarantineExcess: -0.25 }],
  [{ status: 'superseded' }, {}, {}],
  [{ scope: 'file', rows: 3 }, { FilesQuarantined: 1 }, { QuarantineExcess: 1 }],
  [{ scope: 'rows', rows: 3 }, {}, {}],
  [{ score: 0.5 }, {}, { Score: 0.5 }],
  [{ rows: { read: 5, filtered: 1 } }, { RowsRead: 5 }, {}],
])('of %j counts %j, and by dataset %j', (output, counted, byDataset) => {
  const { service, dataset, step } = metricsOf({ ...output, usage }, PERCENT);
  expect(service).toEqual({ ...counted, Cost: step.Cost });
  expect(dataset).toEqual(byDataset);
});

describe('the alarm on a dataset', () => {
  const { default: stage } = parse(readFileSync(path.join(ROOT, 'serverless/stages.yml'), 'utf8')) as {
    default: { quarantineAlarmPercent: number; quarantineAlarmFiles: number };
  };
  const rings = (quarantined: number, loaded: number): boolean => {
    const of = (output: object): number =>
      metricsOf({ ...output, usage }, stage.quarantineAlarmPercent).dataset.QuarantineExcess ?? 0;
    const sum = quarantined * of({ scope: 'file', rows: 1 }) + loaded * of({ status: 'loaded' });
    return sum >= stage.quarantineAlarmFiles;
  };

  test.each([
    ['a single file in a quiet night', 1, 0, false],
    ['two files in a quiet night', 2, 0, false],
    ['all files of a small dataset', 3, 0, true],
    ['all files of one dataset, whatever two hundred others do', 40, 0, true],
    ['a busy dataset with one file in ten', 100, 900, false],
    ['a busy dataset at the limit', 200, 800, false],
    ['a busy dataset above the limit', 203, 797, true],
    ['a dataset that loads everything', 0, 1_000, false],
  ])('%s', (_, quarantined, loaded, expected) => {
    expect(rings(quarantined, loaded)).toBe(expected);
  });
});

test('counts rows in quarantine', () => {
  expect(metricsOf({ scope: 'rows', rows: 3, usage }, PERCENT).step).toMatchObject({ RowsQuarantined: 3 });
});

test('counts files that Maintain found, and none where it found none', () => {
  const of = (found: number) =>
    metricsOf({ tables: [], missing: { found, started: found }, usage }, PERCENT).service;
  expect(of(2)).toMatchObject({ FilesMissing: 2 });
  expect(of(0)).not.toHaveProperty('FilesMissing');
});
