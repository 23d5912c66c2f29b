import { consumed } from '../../../../shared/run/consumption.ts';
import { estimateCost, NOTHING } from '../../../../shared/run/prices.ts';
import { metricsOf } from '../../../../shared/runtime/telemetry/step-metrics.ts';

const usage = { duration_ms: 2_000, memory_mb: 2_048, requests: 3, bytes_read: 10, bytes_written: 20 };

test('takes counts, score and usage out of an output, and nothing that came out of a file', () => {
  const { step } = metricsOf({
    rows: { read: 5, accepted: 4, rejected: 1 },
    score: 0.8,
    unknown_columns: ['secret'],
    usage,
  });
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
  [{ status: 'loaded' }, { FilesLoaded: 1 }],
  [{ status: 'superseded' }, {}],
  [{ scope: 'file', rows: 3 }, { FilesQuarantined: 1 }],
  [{ scope: 'rows', rows: 3 }, {}],
])('of %j counts %j', (output, counted) => {
  expect(metricsOf({ ...output, usage }).service).toEqual(counted);
});

test('counts rows in quarantine', () => {
  expect(metricsOf({ scope: 'rows', rows: 3, usage }).step).toMatchObject({ RowsQuarantined: 3 });
});
