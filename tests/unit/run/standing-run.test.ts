import { type JudgedVersion, standingRun } from '../../../shared/run/standing-run.ts';

const run = (of: Partial<JudgedVersion>): JudgedVersion => ({
  source_version: 'v1',
  uploaded_at: '2026-11-21T03:04:05.000Z',
  status: 'loaded',
  finished_at: '2026-11-21T03:05:00.000Z',
  ...of,
});

const first = run({ source_sequencer: '00A1' });
const again = run({ source_sequencer: '00A1', finished_at: '2026-11-23T00:00:00.000Z' });
const second = run({
  source_version: 'v2',
  source_sequencer: '00A2',
  finished_at: '2026-11-22T00:00:00.000Z',
});
const early = run({ finished_at: '2026-11-20T00:00:00.000Z' });

test.each<[string, JudgedVersion[], JudgedVersion | undefined]>([
  ['no run', [], undefined],
  ['the only one', [first], first],
  ['of one version the last that finished', [again, first], again],
  ['of two versions the newer, whenever the older ran again', [first, second, again], second],
  ['a version without a sequencer by its upload', [run({ source_version: 'v0' }), first], first],
  [
    'the same version, recorded by an earlier release',
    [first, early, run({ finished_at: '2027' })],
    run({ finished_at: '2027' }),
  ],
  ['one that was superseded never stands', [first, { ...second, status: 'superseded' }], first],
  ['nor does it where there is no other', [{ ...first, status: 'superseded' }], undefined],
  ['one that was removed stands', [first, { ...again, status: 'removed' }], { ...again, status: 'removed' }],
])('%s', (_, runs, standing) => {
  expect(standingRun(runs)).toEqual(standing);
  expect(standingRun(runs.toReversed())).toEqual(standing);
});
