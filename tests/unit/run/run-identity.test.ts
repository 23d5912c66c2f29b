import { compareSequencers, identify } from '../../../shared/run/run-identity.ts';

const event = (object: Record<string, unknown> = {}, time = '2024-01-02T03:04:05Z') => ({
  source: 'aws.s3',
  'detail-type': 'Object Created' as const,
  time,
  detail: { bucket: { name: 'raw' }, object: { key: 'signups/a.csv', ...object } },
});

describe('the run that an event belongs to', () => {
  test('that of bucket, key and version', () => {
    const run = identify(event({ 'version-id': 'v1', etag: 'e', sequencer: '0A' }));
    expect(run).toEqual({
      run_id: expect.stringMatching(/^[0-9a-f]{24}$/),
      source_id: expect.stringMatching(/^[0-9a-f]{24}$/),
      dataset: 'signups',
      bucket: 'raw',
      key: 'signups/a.csv',
      version_id: 'v1',
      sequencer: '0A',
      uploaded_at: '2024-01-02T03:04:05.000Z',
    });
    expect(run.run_id).not.toBe(run.source_id);
  });

  const idOf = (...of: Parameters<typeof event>): string => identify(event(...of)).run_id;

  test('the same event again, delivered another time, is the same run', () => {
    expect(idOf({ 'version-id': 'v1', etag: 'e' })).toBe(
      idOf({ 'version-id': 'v1', etag: 'other' }, '2025-01-01T00:00:00Z'),
    );
    expect(idOf({ etag: 'e' })).toBe(idOf({ etag: 'e' }, '2025-01-01T00:00:00Z'));
  });

  test('another version, or without versions another ETag, is another run of the same source', () => {
    const [one, other] = [identify(event({ 'version-id': 'v1' })), identify(event({ 'version-id': 'v2' }))];
    expect(one.run_id).not.toBe(other.run_id);
    expect(one.source_id).toBe(other.source_id);
    expect(idOf({ etag: 'e' })).not.toBe(idOf({ etag: 'f' }));
  });

  test('with neither, the sequencer decides, and last the time', () => {
    expect(idOf({ sequencer: '1' })).not.toBe(idOf({ sequencer: '2' }));
    expect(idOf()).not.toBe(idOf({}, '2025-01-01T00:00:00Z'));
    expect(identify(event()).sequencer).toBe('2024-01-02T03:04:05Z');
    expect(identify(event())).not.toHaveProperty('version_id');
  });

  test('another key is another source, however its parts are cut', () => {
    const ids = ['a/b', 'a/bc', 'ab/c'].map((key) => identify(event({ key })).source_id);
    expect(new Set(ids).size).toBe(3);
  });

  test('a key without a folder belongs to no dataset', () => {
    expect(identify(event({ key: 'a.csv' })).dataset).toBe('_unknown');
    expect(identify(event({ key: 'signups/2024/a.csv' })).dataset).toBe('signups');
  });

  test('times of any zone become UTC, so that their text orders them', () => {
    expect(identify(event({}, '2024-01-02T03:04:05+02:00')).uploaded_at).toBe('2024-01-02T01:04:05.000Z');
  });
});

describe('sequencers', () => {
  test.each([
    ['the same', '0055AED6DCD90281E5', '0055AED6DCD90281E5', 0],
    ['a greater digit', '0055AED6DCD90281E5', '0055AED6DCD90281E6', -1],
    ['letters after digits', '009', '00A', -1],
    ['the shorter is filled with zeros', '00A', '00A0', 0],
    ['the shorter may be the later', '00B', '00A9', 1],
  ])('%s', (_, a, b, sign) => {
    expect(Math.sign(compareSequencers(a, b))).toBe(sign);
    expect(Math.sign(compareSequencers(b, a))).toBe(sign === 0 ? 0 : -sign);
  });
});
