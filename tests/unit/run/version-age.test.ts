import { withDuckDb } from '../../../shared/engine/with-duckdb.ts';
import { identify } from '../../../shared/run/run-identity.ts';
import {
  compareAges,
  compareWithCommitted,
  sequencersOf,
  UPLOAD_ORDER,
  type VersionAge,
} from '../../../shared/run/version-age.ts';
import { scratch } from '../../helpers/scratch.ts';

const at = (sequencer: string, second: string): VersionAge => ({
  sequencer,
  uploadedAt: `2026-11-21T03:04:${second}Z`,
});
const REAL = '0055AED6DCD90281E5';
const LATER = '0055AED6DCD90281E6';
const listed = (second: string, position = 1): VersionAge =>
  at(`2026-11-21T03:04:${second}.000Z-0000000${position}`, second);

describe('the ages of two versions of a key', () => {
  test.each<[string, VersionAge, VersionAge, number]>([
    ['two sequencers decide, whatever the times', at(REAL, '09'), at(LATER, '05'), -1],
    ['a sequencer is filled with zeros', at('00A', '05'), at('00A0', '06'), 0],
    ['without one of them, the time decides: earlier', listed('04'), at(REAL, '05'), -1],
    ['without one of them, the time decides: later', listed('06'), at(REAL, '05'), 1],
    ['in the same second, the one without is the earlier', listed('05'), at(REAL, '05'), -1],
    ['milliseconds do not matter there', listed('05'), at(REAL, '05.001'), -1],
    ['without both, the time decides', listed('04', 2), listed('05', 1), -1],
    ['in the same second, the position in the listing', listed('05', 1), listed('05', 2), -1],
    ['the same', listed('05'), listed('05'), 0],
  ])('%s', (_, a, b, sign) => {
    expect(Math.sign(compareAges(a, b))).toBe(sign);
    expect(Math.sign(compareAges(b, a))).toBe(sign === 0 ? 0 : -sign);
  });

  test('SQL orders uploads of different keys by the same rules', async () => {
    const uploads = [
      ['2026-11-21T03:04:04.000Z', 'FF'],
      ['2026-11-21T03:04:05.000Z', '2026-11-21T03:04:05.000Z-00000001'],
      ['2026-11-21T03:04:05.000Z', '2026-11-21T03:04:05.000Z-00000002'],
      ['2026-11-21T03:04:05.000Z', '0055aed6'],
      ['2026-11-21T03:04:06.000Z', '00'],
    ];
    const values = uploads
      .map((row, i) => `(${i}, ${row.map((text) => `'${text}'`).join(', ')})`)
      .toReversed();
    const sorted = await withDuckDb({ memoryMb: 256, threads: 1, scratch: scratch() }, (db) =>
      db.all(
        `SELECT i FROM (VALUES ${values.join(', ')}) AS v(i, uploaded_at, sequencer) ORDER BY ${UPLOAD_ORDER}`,
      ),
    );
    expect(sorted.map(({ i }) => i)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('what is committed, and a run of the same source', () => {
  const event = (sequencer: string) => ({
    ...{ source: 'aws.s3', 'detail-type': 'Object Created' as const, time: '2026-11-21T03:04:05Z' },
    detail: { bucket: { name: 'raw' }, object: { key: 'd/a.csv', 'version-id': 'v1', sequencer } },
  });
  const committed = { runId: identify(event(REAL)).run_id, ...at(REAL, '05') };
  const unknown = '2026-11-21T03:04:05.000Z-00000001';

  test.each([
    ['the same version under another contract', identify(event(REAL), 'other'), 0],
    ['the same version, whose sequencer nobody knows any more', identify(event(unknown), 'other'), 0],
    ['the same run, confirmed by a newer version meanwhile', identify(event('0055')), 1],
    [
      'another version whose sequencer nobody knows',
      { ...identify(event(unknown), 'other'), version_id: 'v0' },
      1,
    ],
    ['a newer version', { ...identify(event(LATER)), version_id: 'v2' }, -1],
  ])('%s', (_, run, sign) => {
    expect(Math.sign(compareWithCommitted(committed, run))).toBe(sign);
  });
});

describe('sequencers for the versions of a listing', () => {
  const version = (second: number, sequencer?: string) => ({
    lastModified: new Date(Date.UTC(2026, 10, 21, 3, 4, second)),
    sequencer,
  });

  test.each([
    ['known ones stay', [version(1, REAL), version(2, LATER)], [REAL, LATER]],
    [
      'behind a known one, its own lengthened',
      [version(1, REAL), version(1), version(2)],
      [REAL, `${REAL}00000001`, `${REAL}00000002`],
    ],
    [
      'before all known ones, the time and the position',
      [version(1), version(1), version(1, REAL)],
      ['2026-11-21T03:04:01.000Z-00000001', '2026-11-21T03:04:01.000Z-00000002', REAL],
    ],
    [
      'one that was made earlier stays, and lends nothing',
      [version(1, '2026-11-21T03:04:01.000Z-00000001'), version(2)],
      ['2026-11-21T03:04:01.000Z-00000001', '2026-11-21T03:04:02.000Z-00000002'],
    ],
  ])('%s', (_, versions, expected) => {
    expect(sequencersOf(versions)).toEqual(expected);
  });

  test('they order the versions as the listing does, whichever are known', () => {
    const real = ['00A1', '00A2', '00B', '00B01', '00C'];
    for (let known = 0; known < 2 ** real.length; known += 1) {
      const versions = real.map((sequencer, i) =>
        version(i < 3 ? 1 : 2, known & (1 << i) ? sequencer : undefined),
      );
      const ages = sequencersOf(versions).map((sequencer, i) => ({
        sequencer,
        uploadedAt: versions[i]?.lastModified.toISOString() ?? '',
      }));
      for (const [i, age] of ages.entries())
        for (const later of ages.slice(i + 1)) expect(compareAges(age, later)).toBeLessThan(0);
    }
  });
});
