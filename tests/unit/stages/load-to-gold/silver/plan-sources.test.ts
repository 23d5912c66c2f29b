import type { Intent } from '../../../../../shared/stages/load-to-gold/silver/intent.ts';
import {
  isOutstanding,
  planSources,
  type Standing,
  standingOf,
} from '../../../../../shared/stages/load-to-gold/silver/plan-sources.ts';
import type { CommittedSource } from '../../../../../shared/stages/load-to-gold/silver/sources.ts';
import { runOf } from '../../../../helpers/silver-lake.ts';
import { bySource, committedOf, intentOf, LAYOUT } from '../../../../helpers/silver-plan.ts';

describe('the standing of an intent', () => {
  test.each<[string, Intent | undefined, Intent, Standing]>([
    ['of a source that silver does not have', undefined, intentOf('a', 1), 'to load'],
    ['that is committed', intentOf('a', 1), intentOf('a', 1), 'loaded'],
    [
      'of a run that brings other rows under a changed contract',
      intentOf('a', 1, { content: 'x' }),
      intentOf('a', 1, { content: 'y' }),
      'to load',
    ],
    ['of a newer version with other rows', intentOf('a', 1), intentOf('a', 2), 'to load'],
    [
      'of a newer version with the same rows',
      intentOf('a', 1, { content: 'x' }),
      intentOf('a', 2, { content: 'x' }),
      'to confirm',
    ],
    ['of an older version', intentOf('a', 2), intentOf('a', 1), 'superseded'],
    [
      'of an older version with the same rows',
      intentOf('a', 2, { content: 'x' }),
      intentOf('a', 1, { content: 'x' }),
      'superseded',
    ],
  ])('%s', (_, committed, intent, expected) => {
    expect(standingOf(committed && committedOf(committed), intent)).toBe(expected);
  });

  test('of a version that was confirmed', () => {
    const newer = intentOf('a', 2, { content: 'x' });
    const confirmed = { ...committedOf(intentOf('a', 1, { content: 'x' })), sequencer: newer.run.sequencer };
    expect(standingOf(confirmed, newer)).toBe('unchanged');
  });

  test('of the version and the rows that are committed, by another run: its contract decides', () => {
    const version = intentOf('a', 1, { content: 'x' });
    const of = (fingerprint: string | undefined): Intent => ({
      ...version,
      run: { ...version.run, run_id: `of ${fingerprint}`, contract_fingerprint: fingerprint },
    });
    const committed = { ...committedOf(of('A')), contractFingerprint: 'A' };
    expect(standingOf(committed, of('A'))).toBe('loaded');
    expect(standingOf({ ...committed, runId: 'confirmed' }, of('A'))).toBe('unchanged');
    expect(standingOf(committed, of('B'))).toBe('to load');
    // One of them is of an earlier release.
    expect(standingOf(committed, of(undefined))).toBe('unchanged');
    const { contractFingerprint: _, ...early } = committed;
    expect(standingOf(early, of('B'))).toBe('unchanged');
  });

  test.each<[Standing, boolean]>([
    ['to load', true],
    ['to confirm', true],
    ['loaded', false],
    ['unchanged', false],
    ['superseded', false],
    ['removed', false],
  ])('%s: a commit would change something: %s', (standing, outstanding) => {
    expect(isOutstanding(standing)).toBe(outstanding);
  });
});

describe('a source that was removed', () => {
  /** At 0.5 s after the upload of version 5. */
  const removal = {
    ...{ id: 'r', at: '2024-01-01T00:00:05.500Z', rows: 1 },
    ...{ sequencer: runOf('a', 3).sequencer, version: 'v5' },
  };
  const tombstone: CommittedSource = {
    ...{ ...committedOf(intentOf('a', 3)), content: '', partitions: [] },
    ...{ removedAt: removal.at, removal },
  };
  const replayed = (intent: Intent, at: string): Intent => ({
    ...intent,
    run: { ...intent.run, replayed_at: at },
  });

  /** A version of the second in which version 5 was uploaded. */
  const sameSecond = (): Intent => {
    const intent = intentOf('a', 6);
    return { ...intent, run: { ...intent.run, uploaded_at: runOf('a', 5).uploaded_at } };
  };

  test.each<[string, Intent, Standing]>([
    ['keeps out the version that silver had', intentOf('a', 3), 'removed'],
    ['and an older one', intentOf('a', 2), 'removed'],
    ['and a newer one that was uploaded before', intentOf('a', 4), 'removed'],
    ['and the one that was in raw, in the same second', intentOf('a', 5), 'removed'],
    ['takes another of the same second, which may be later', sameSecond(), 'to load'],
    ['takes one that was uploaded later', intentOf('a', 6), 'to load'],
    ['takes one that was replayed since', replayed(intentOf('a', 2), '2024-01-01T00:00:05.501Z'), 'to load'],
    [
      'but not one that was replayed before',
      replayed(intentOf('a', 2), '2024-01-01T00:00:05.500Z'),
      'removed',
    ],
  ])('%s', (_, intent, expected) => {
    expect(standingOf(tombstone, intent)).toBe(expected);
  });

  test('keeps them out also once a replay or a later version is committed', () => {
    const replay = { ...committedOf(intentOf('a', 2)), removal };
    expect(standingOf(replay, intentOf('a', 2))).toBe('loaded');
    expect(standingOf(replay, intentOf('a', 4))).toBe('removed');
    expect(standingOf(replay, intentOf('a', 6))).toBe('to load');
    const later = { ...committedOf(intentOf('a', 6)), removal };
    expect(standingOf(later, intentOf('a', 4))).toBe('removed');
    expect(standingOf(later, intentOf('a', 7, { content: 'a6' }))).toBe('to confirm');
  });

  test('a version that stays out does not displace an older one that was replayed', () => {
    const own = replayed(intentOf('a', 2), '2024-01-01T00:01:00.000Z');
    const waiting = intentOf('a', 4);
    const committed = new Map([[own.run.source_id, tombstone]]);
    const plan = planSources({ own, waiting: [waiting], committed, layout: LAYOUT });
    expect(plan).toMatchObject({ own: 'to load', load: [own], done: [waiting], left: [] });
    const swapped = planSources({ own: waiting, waiting: [own], committed, layout: LAYOUT });
    expect(swapped).toMatchObject({ own: 'removed', load: [own], done: [] });
  });
});

describe('the plan of the sources', () => {
  interface Case {
    own?: Intent;
    waiting?: Intent[];
    committed?: Intent[];
    /** Names of the intents, and the standing of the own. */
    expected: Partial<Record<'load' | 'confirm' | 'done' | 'left', string[]>> & { own?: Standing };
  }
  const nameOf = ({ run }: Intent): string => `${run.key.slice(2)}${Number.parseInt(run.sequencer, 16)}`;

  test.each<[string, Case]>([
    ['an intent alone is loaded', { expected: { load: ['own9'] } }],
    [
      'an intent with the rows that are committed is confirmed',
      {
        own: intentOf('own', 9, { content: 'x' }),
        committed: [intentOf('own', 8, { content: 'x' })],
        expected: { own: 'to confirm', confirm: ['own9'] },
      },
    ],
    [
      'waiting intents of other sources are taken along, the own first',
      { waiting: [intentOf('b', 1), intentOf('a', 2)], expected: { load: ['own9', 'b1', 'a2'] } },
    ],
    [
      'a waiting intent with the rows that are committed is confirmed',
      {
        waiting: [intentOf('a', 2, { content: 'x' })],
        committed: [intentOf('a', 1, { content: 'x' })],
        expected: { load: ['own9'], confirm: ['a2'] },
      },
    ],
    [
      'of a source that waits in several versions, the newest is taken along and the others are left',
      {
        waiting: [intentOf('a', 2), intentOf('a', 4), intentOf('a', 3)],
        expected: { load: ['own9', 'a4'], left: ['a2', 'a3'] },
      },
    ],
    [
      'a newer version of the own source takes its place',
      { waiting: [intentOf('own', 10)], expected: { own: 'superseded', load: ['own10'] } },
    ],
    [
      'a newer version of the own source with the same rows as the committed takes its place',
      {
        waiting: [intentOf('own', 10, { content: 'x' })],
        committed: [intentOf('own', 8, { content: 'x' })],
        expected: { own: 'superseded', confirm: ['own10'] },
      },
    ],
    [
      'an older version of the own source is left',
      { waiting: [intentOf('own', 8)], expected: { load: ['own9'], left: ['own8'] } },
    ],
    [
      'waiting intents that are committed, or older than what is committed, are done',
      {
        waiting: [intentOf('a', 1), intentOf('b', 1)],
        committed: [intentOf('a', 1), intentOf('b', 2)],
        expected: { load: ['own9'], done: ['a1', 'b1'] },
      },
    ],
    [
      'a waiting intent of another contract is left',
      { waiting: [intentOf('a', 1, { fingerprint: 'another' })], expected: { load: ['own9'], left: ['a1'] } },
    ],
    [
      'one of another contract that is committed is done',
      {
        waiting: [intentOf('a', 1, { fingerprint: 'another' })],
        committed: [intentOf('a', 1)],
        expected: { load: ['own9'], done: ['a1'] },
      },
    ],
    [
      'a waiting intent with other field ids is left',
      {
        waiting: [intentOf('a', 1, { schema: { ...LAYOUT.schema, fields: LAYOUT.schema.fields.slice(1) } })],
        expected: { load: ['own9'], left: ['a1'] },
      },
    ],
    [
      'a waiting intent of another partitioning is left',
      {
        waiting: [intentOf('a', 1, { spec: { 'spec-id': 1, fields: [] } })],
        expected: { load: ['own9'], left: ['a1'] },
      },
    ],
    [
      'a waiting intent of another primary key is left',
      { waiting: [intentOf('a', 1, { key: ['day'] })], expected: { load: ['own9'], left: ['a1'] } },
    ],
    [
      'the own intent is loaded whatever its layout: its files are written again',
      { own: intentOf('own', 9, { key: ['day'] }), expected: { load: ['own9'] } },
    ],
  ])('%s', (_, { own = intentOf('own', 9), waiting = [], committed = [], expected }) => {
    const plan = planSources({ own, waiting, committed: bySource(...committed), layout: LAYOUT });
    const names = (intents: readonly Intent[]): string[] => intents.map(nameOf);
    expect({
      own: plan.own,
      load: names(plan.load),
      confirm: names(plan.confirm),
      done: names(plan.done),
      left: names(plan.left),
    }).toEqual({ own: 'to load', load: [], confirm: [], done: [], left: [], ...expected });
  });

  test('each intent has a standing, and older versions of what is taken along are superseded', () => {
    const waiting = [intentOf('a', 1), intentOf('a', 2), intentOf('b', 3), intentOf('c', 4)];
    const own = intentOf('own', 9);
    const plan = planSources({ own, waiting, committed: bySource(intentOf('b', 3)), layout: LAYOUT });
    expect([own, ...waiting].map(({ run }) => plan.standings.get(run.run_id))).toEqual([
      'to load',
      'superseded',
      'to load',
      'loaded',
      'to load',
    ]);
  });
});
