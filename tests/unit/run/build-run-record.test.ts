import { loadedRecord, quarantinedRecord } from '../../../shared/run/build-run-record.ts';
import type { QualityOutput, TransformOutput, Usage, ValidateOutput } from '../../../shared/run/payload.ts';
import { identify } from '../../../shared/run/run-identity.ts';

const event = {
  source: 'aws.s3',
  'detail-type': 'Object Created',
  time: '2024-01-02T03:04:05Z',
  detail: { bucket: { name: 'raw' }, object: { key: 't/a.csv', size: 77, 'version-id': 'v1' } },
} as const;
const run = identify(event);

const usage: Usage = {
  duration_ms: 2000,
  ...{ memory_mb: 2048, storage_mb: 2560, architecture: 'x86_64' as const },
  ...{ requests: 10, requests_write: 4, requests_read: 5, requests_catalog: 2 },
  ...{ bytes_read: 100, bytes_written: 50 },
};
const validate: ValidateOutput = {
  ...{ run, contract_version: '1.2.0', format: 'csv', source_bytes: 77, unknown_columns: [], usage },
  ...{ rows: { read: 5, accepted: 4, rejected: 1 }, staged: { records: 'r' } },
};
const quality: QualityOutput = {
  verdict: 'pass',
  ...{ score: 0.99, threshold: 0.9, scores: { conformity: 0.98, completeness: 1 } },
  ...{ report: 'q', broken_rules: [], strategies: { 'schema.primaryKey': 'bitmap' }, usage },
  reason: 'Score 0.99 is at or above the threshold 0.9.',
};
const transform: TransformOutput = {
  ...{ rows: { filtered: 1, duplicate: 1, silver: 2 }, strategies: { silver: 'groups' } },
  ...{ files: 'f', file_count: 1, usage },
};

/** How every record of this run begins, in the bytes that storage holds. */
const IDENTITY =
  '{"run_id":"f24eb96318bdf05365f49b97","source_id":"49e5a203cdd88c7b7d9ac117","execution":"e1","dataset":"t","source_bucket":"raw","source_key":"t/a.csv","source_version":"v1","uploaded_at":"2024-01-02T03:04:05.000Z","source_bytes":77';

/** How every record of this run ends. */
const LATER =
  ',"source_sequencer":"2024-01-02T03:04:05Z","contract_fingerprint":null,"replayed_at":null,"rows_superseding":0,"rows_superseded":0';

beforeEach(() => {
  jest.useFakeTimers({ now: new Date('2024-01-02T03:05:00Z') });
});
afterEach(() => {
  jest.useRealTimers();
});

// Up to `LATER` the texts were written by the build before these functions; that part must not change by a byte.

test('a loaded file: the counts of each state, and the cost of the quarantine of rows that follows', () => {
  const outcome = { status: 'loaded', reason: quality.reason } as const;
  const record = loadedRecord({ validate, quality, transform }, 'e1', outcome, usage);
  expect(JSON.stringify(record)).toBe(
    `${IDENTITY},"contract_version":"1.2.0","status":"loaded","verdict":"pass","score":0.99,"scores":{"conformity":0.98,"completeness":1},"reason":"Score 0.99 is at or above the threshold 0.9.","error":null,"rows_read":5,"rows_accepted":4,"rows_rejected":1,"rows_duplicate":1,"rows_filtered":1,"rows_silver":2,"strategies":{"schema.primaryKey":"bitmap","silver":"groups"},"bytes_read":400,"bytes_written":200,"requests":40,"duration_ms":8000,"gb_seconds":16,"cost_usd":0.00068175,"finished_at":"2024-01-02T03:05:00.000Z","requests_write":16,"requests_read":20,"requests_catalog":8,"storage_gb_seconds":16,"invocations":5,"transitions":9${LATER}}`,
  );
});

test('a file that the quality gate closed on: all its rows are rejected', () => {
  const outcome = { run, reason: 'Score too low.', error: undefined };
  const state = { ...event, validate, quality };
  expect(JSON.stringify(quarantinedRecord(state, 'e1', outcome, usage))).toBe(
    `${IDENTITY},"contract_version":"1.2.0","status":"quarantined","verdict":"fail","score":0.99,"scores":{"conformity":0.98,"completeness":1},"reason":"Score too low.","error":null,"rows_read":5,"rows_accepted":0,"rows_rejected":5,"rows_duplicate":0,"rows_filtered":0,"rows_silver":0,"strategies":{"schema.primaryKey":"bitmap"},"bytes_read":300,"bytes_written":150,"requests":30,"duration_ms":6000,"gb_seconds":12,"cost_usd":0.00043297,"finished_at":"2024-01-02T03:05:00.000Z","requests_write":12,"requests_read":15,"requests_catalog":6,"storage_gb_seconds":12,"invocations":3,"transitions":6${LATER}}`,
  );
});

test('a file that Validate could not read: no rows, the size that the event reports', () => {
  const outcome = { run, reason: 'It is torn.', error: 'UnreadableFile' };
  expect(JSON.stringify(quarantinedRecord(event, 'e1', outcome, usage))).toBe(
    `${IDENTITY},"contract_version":null,"status":"quarantined","verdict":"error","score":null,"scores":{},"reason":"It is torn.","error":"UnreadableFile","rows_read":0,"rows_accepted":0,"rows_rejected":0,"rows_duplicate":0,"rows_filtered":0,"rows_silver":0,"strategies":{},"bytes_read":100,"bytes_written":50,"requests":10,"duration_ms":2000,"gb_seconds":4,"cost_usd":0.00020099,"finished_at":"2024-01-02T03:05:00.000Z","requests_write":4,"requests_read":5,"requests_catalog":2,"storage_gb_seconds":4,"invocations":2,"transitions":4${LATER}}`,
  );
});
