import { chooseFiles, type Facts } from '../../../shared/replay/choose-files.ts';
import type { KnownRun } from '../../../shared/replay/known-runs.ts';
import type { RawVersion } from '../../../shared/replay/raw-versions.ts';
import type { ReplaySelection } from '../../../shared/replay/selection.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const HOUR = 3_600_000;

/** A version that was uploaded on a day of November 2026. */
const version = (
  key: string,
  versionId: string | undefined,
  day: number,
  of: Partial<RawVersion> = {},
): RawVersion => ({
  key,
  ...(versionId !== undefined && { versionId }),
  ...{ size: 10, etag: `etag-${versionId}`, isLatest: true },
  lastModified: new Date(Date.UTC(2026, 10, day, 8)),
  ...of,
});

const run = (key: string, source_version: string, day: number, of: Partial<KnownRun> = {}): KnownRun => ({
  ...{ run_id: `run-${source_version}`, dataset: 'd', source_key: key, source_version, source_bytes: 10 },
  ...{ status: 'loaded', rows_rejected: 0, contract_fingerprint: 'now', cost_usd: 0.1 },
  uploaded_at: new Date(Date.UTC(2026, 10, day, 8)).toISOString(),
  source_sequencer: `00A${day}`,
  finished_at: new Date(Date.UTC(2026, 10, day, 9)).toISOString(),
  ...of,
});

const old = { isLatest: false };

const factsOf = (versions: readonly RawVersion[], runs: readonly KnownRun[]): Facts => ({
  files: Map.groupBy(versions, ({ key }) => key),
  runs: Map.groupBy(runs, ({ source_key }) => source_key),
  contracts: new Map([['d', 'now']]),
  now: NOW,
  graceMs: HOUR,
});

/** `+key version` for a file that runs, `-key version reason` for one that does not. */
const chosen = (
  selection: ReplaySelection,
  versions: readonly RawVersion[],
  runs: readonly KnownRun[],
): string[] => {
  const { files, skipped } = chooseFiles(selection, factsOf(versions, runs));
  return [
    ...files.map(({ key, version_id }) => `+${key} ${version_id}`),
    ...skipped.map(({ key, version_id, reason }) => `-${key} ${version_id} ${reason}`),
  ];
};

const A = 'd/a.csv';
const B = 'd/b.csv';

describe('keys and datasets', () => {
  const versions = [
    version(A, 'v2', 2),
    version(A, 'v1', 1, old),
    version(B, 'w1', 3),
    version('e/c.csv', 'x1', 1),
  ];
  test.each<[string, ReplaySelection, string[]]>([
    ['a key: its newest version', { keys: [A] }, [`+${A} v2`]],
    ['a key and a version', { keys: [A], version: 'v1' }, [`+${A} v1`]],
    ['a prefix, the oldest upload first', { keys: ['d/'] }, [`+${A} v2`, `+${B} w1`]],
    ['several keys, one of them twice', { keys: ['e/c.csv', B, B] }, ['+e/c.csv x1', `+${B} w1`]],
    ['a dataset', { dataset: 'd' }, [`+${A} v2`, `+${B} w1`]],
    ['a key of another dataset', { keys: [A], dataset: 'e' }, []],
    ['since a time', { since: '2026-11-03T08:00:00.000Z' }, [`+${B} w1`]],
    ['a dataset, since a time', { dataset: 'd', since: '2026-11-04T00:00:00.000Z' }, []],
    ['a key that raw does not have', { keys: ['d/none.csv'] }, ['-d/none.csv undefined gone']],
    ['a version that raw does not have', { keys: [A], version: 'v0' }, [`-${A} v0 gone`]],
  ])('%s', (_, selection, expected) => {
    expect(chosen(selection, versions, [])).toEqual(expected);
  });

  test('a removed file comes back by its key or its prefix, and by nothing else', () => {
    const removed = [run(A, 'v2', 2, { status: 'removed', contract_fingerprint: 'then' })];
    const gone = [version(A, 'v2', 2, old)];
    for (const keys of [[A], ['d/']]) expect(chosen({ keys }, gone, removed)).toEqual([`+${A} v2`]);
    for (const selection of [{ dataset: 'd' }, { olderContract: true }])
      expect(chosen(selection, gone, removed)).toEqual([`-${A} v2 removed`]);
  });

  test('an object that was deleted in raw: what ran runs again, what never ran only by its key', () => {
    const deleted = [version(A, 'v1', 1, old)];
    expect(chosen({ dataset: 'd' }, deleted, [run(A, 'v1', 1)])).toEqual([`+${A} v1`]);
    expect(chosen({ dataset: 'd' }, deleted, [])).toEqual([`-${A} v1 deleted`]);
    expect(chosen({ keys: [A] }, deleted, [])).toEqual([`+${A} v1`]);
  });

  test.each(['d/_SUCCESS', 'd/.hidden', 'd/x_$folder$'])('%s holds no data', (key) => {
    expect(chosen({ keys: [key] }, [version(key, 'v1', 1)], [])).toEqual([
      `-${key} v1 ignored`.replace('v1', 'undefined'),
    ]);
    expect(chosen({ dataset: 'd' }, [version(key, 'v1', 1)], [])).toEqual([]);
    expect(chosen({ missing: true }, [version(key, 'v1', 1)], [])).toEqual([]);
  });
});

describe('files in quarantine', () => {
  const whole = run(A, 'v1', 1, { status: 'quarantined', rows_rejected: 5 });
  const rows = run(B, 'w1', 2, { rows_rejected: 1 });
  const versions = [version(A, 'v1', 1), version(B, 'w1', 2)];
  const later = { finished_at: '2026-11-24T00:00:00.000Z' };
  test.each<[string, RawVersion[], KnownRun[], string[]]>([
    ['whole, or with single rows', versions, [whole, rows], [`+${A} v1`, `+${B} w1`]],
    [
      'not those that were loaded since',
      versions,
      [whole, { ...whole, ...later, status: 'loaded', rows_rejected: 0 }],
      [],
    ],
    ['not those that never ran', versions, [], []],
    [
      'not where a newer version was loaded',
      [version(A, 'v2', 2), version(A, 'v1', 1, old)],
      [whole, run(A, 'v2', 2)],
      [],
    ],
    [
      'not where a newer version waits in raw',
      [version(A, 'v2', 2), version(A, 'v1', 1, old)],
      [whole],
      [`-${A} v1 superseded`],
    ],
    [
      'an expired version is named, and others go on',
      [version(B, 'w1', 2)],
      [whole, rows],
      [`+${B} w1`, `-${A} v1 gone`],
    ],
    ['also where the object was deleted in raw', [version(A, 'v1', 1, old)], [whole], [`+${A} v1`]],
    [
      'not a run that was superseded',
      versions,
      [run(A, 'v1', 1, { status: 'superseded', rows_rejected: 1 })],
      [],
    ],
  ])('%s', (_, raw, runs, expected) => {
    expect(chosen({ quarantined: true }, raw, runs)).toEqual(expected);
  });

  test('of these, those that another contract judged', () => {
    const then = { ...whole, contract_fingerprint: 'then' };
    expect(chosen({ quarantined: true, olderContract: true }, versions, [then, rows])).toEqual([`+${A} v1`]);
  });
});

describe('files that another contract judged', () => {
  test.each<[string, Partial<KnownRun>, string[]]>([
    ['the contract of now', {}, []],
    ['another one', { contract_fingerprint: 'then' }, [`+${A} v1`]],
    ['a record of an earlier release, which has none', { contract_fingerprint: null }, [`+${A} v1`]],
  ])('%s', (_, of, expected) => {
    expect(chosen({ olderContract: true }, [version(A, 'v1', 1)], [run(A, 'v1', 1, of)])).toEqual(expected);
  });

  test('a dataset without a contract has nothing to be judged by', () => {
    const orphan = run('e/c.csv', 'x1', 1, { contract_fingerprint: null });
    expect(chosen({ olderContract: true }, [version('e/c.csv', 'x1', 1)], [orphan])).toEqual([]);
  });
});

describe('files that never ran', () => {
  const young = { lastModified: new Date(NOW - HOUR / 2) };
  test.each<[string, RawVersion[], KnownRun[], string[]]>([
    ['no run record', [version(A, 'v1', 1)], [], [`+${A} v1`]],
    ['a run record of this version', [version(A, 'v1', 1)], [run(A, 'v1', 1)], []],
    ['of a removed file', [version(A, 'v1', 1)], [run(A, 'v1', 1, { status: 'removed' })], []],
    [
      'a run record of an earlier version only',
      [version(A, 'v2', 2), version(A, 'v1', 1, old)],
      [run(A, 'v1', 1)],
      [`+${A} v2`],
    ],
    [
      'an earlier version that never ran needs no run',
      [version(A, 'v2', 2), version(A, 'v1', 1, old)],
      [run(A, 'v2', 2)],
      [`-${A} v1 superseded`],
    ],
    ['a version of the last hour', [version(A, 'v1', 25, young)], [], [`-${A} v1 young`]],
    ['a deleted object', [version(A, 'v1', 1, old)], [], [`-${A} v1 deleted`]],
    ['a folder that the console made', [version('d/', 'v1', 1)], [], []],
    [
      'a file that has no version yet',
      [version(A, undefined, 3), version(A, 'v1', 1, old)],
      [run(A, 'v1', 1)],
      [`+${A} undefined`],
    ],
  ])('%s', (_, raw, runs, expected) => {
    expect(chosen({ missing: true }, raw, runs)).toEqual(expected);
  });

  test('since a time, of a key, of a dataset', () => {
    const raw = [version(A, 'v1', 1), version(B, 'w1', 9), version('e/c.csv', 'x1', 9)];
    expect(chosen({ missing: true, since: '2026-11-05T00:00:00.000Z' }, raw, [])).toEqual([
      `+${B} w1`,
      '+e/c.csv x1',
    ]);
    expect(chosen({ missing: true, dataset: 'd' }, raw, [])).toEqual([`+${A} v1`, `+${B} w1`]);
    expect(chosen({ missing: true, keys: [A] }, raw, [])).toEqual([`+${A} v1`]);
  });
});

describe('the event of a file', () => {
  const eventOf = (
    versions: readonly RawVersion[],
    runs: readonly KnownRun[],
    sequencerOf?: Facts['sequencerOf'],
  ) => {
    const [file] = chooseFiles({ keys: [A] }, { ...factsOf(versions, runs), sequencerOf }).files;
    return { sequencer: file?.sequencer, uploaded_at: file?.uploaded_at };
  };

  test.each<[string, KnownRun[], { sequencer: string; uploaded_at: string }]>([
    [
      'from the run record',
      [run(A, 'v1', 1, { uploaded_at: '2026-11-01T08:00:09.000Z' })],
      { sequencer: '00A1', uploaded_at: '2026-11-01T08:00:09.000Z' },
    ],
    [
      'of several records, from one that has the sequencer',
      [run(A, 'v1', 1, { source_sequencer: '2026-11-01T08:00:00.000Z' }), run(A, 'v1', 1)],
      { sequencer: '00A1', uploaded_at: '2026-11-01T08:00:00.000Z' },
    ],
    [
      'without a record from the listing',
      [],
      { sequencer: '2026-11-01T08:00:00.000Z-00000001', uploaded_at: '2026-11-01T08:00:00.000Z' },
    ],
  ])('%s', (_, runs, expected) => {
    expect(eventOf([version(A, 'v1', 1)], runs)).toEqual(expected);
  });

  test('behind a version that ran, its sequencer lengthened', () => {
    expect(eventOf([version(A, 'v2', 2), version(A, 'v1', 1, old)], [run(A, 'v1', 1)])).toEqual({
      ...{ sequencer: '00A100000001', uploaded_at: '2026-11-02T08:00:00.000Z' },
    });
  });

  test('the sequencer that the id of the version contains', () => {
    expect(eventOf([version(A, 'v1', 1)], [], (id) => `00${id.length}`)).toMatchObject({ sequencer: '002' });
  });
});
