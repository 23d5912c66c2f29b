import { InvalidInput } from '../../../shared/errors.ts';
import { parseSnapshot, type Snapshot } from '../../../shared/table/snapshot.ts';

const snapshot: Snapshot = {
  format: 1,
  id: 'c0ffee',
  table: 'signups',
  version: 7,
  committedAt: '2024-05-01T00:00:00.000Z',
  runId: 'run',
  operation: 'replace',
  columns: [{ name: 'id', type: 'BIGINT' }],
  partitionedBy: ['day'],
  files: [
    {
      key: 'signups/data/a.parquet',
      sourceId: 'source',
      partition: { day: null },
      rows: 3,
      bytes: 100,
      keyBounds: { min: '1', max: '3', column: 'id', type: 'BIGINT' },
      mask: { key: 'signups/masks/a.parquet', rows: 1 },
    },
    { key: 'signups/data/b.parquet', partition: { day: '2024-05-01' }, rows: 0, bytes: 0 },
  ],
  sources: { source: { runId: 'run', sequencer: '0a', uploadedAt: '2024-05-01T00:00:00Z', version: 7 } },
  touched: [{ day: null }],
  properties: { builtFrom: { silver: 3 }, empty: null },
};

test('a snapshot comes back as it was written', () => {
  expect(parseSnapshot(JSON.stringify(snapshot), 'here')).toEqual(snapshot);
  const all: Snapshot = { ...snapshot, touched: 'all' };
  expect(parseSnapshot(JSON.stringify(all), 'here')).toEqual(all);
});

test.each([
  ['', 'not JSON'],
  [JSON.stringify(snapshot).slice(0, -1), 'not JSON'],
  ['null', 'the whole'],
  [JSON.stringify({ ...snapshot, format: 2 }), 'format'],
  [JSON.stringify({ ...snapshot, files: [{ ...snapshot.files[0], rows: -1 }] }), 'files.0.rows'],
  [JSON.stringify({ ...snapshot, sources: { s: {} } }), 'sources.s.runId'],
  [JSON.stringify({ ...snapshot, files: undefined }), 'files'],
])('a broken manifest is refused with its place and what is wrong: %#', (text, reason) => {
  expect(() => parseSnapshot(text, 'silver/signups/_manifests/v7.json')).toThrow(InvalidInput);
  expect(() => parseSnapshot(text, 'silver/signups/_manifests/v7.json')).toThrow(
    `silver/signups/_manifests/v7.json is not a table version that can be read: ${reason}`,
  );
});
