import type { Intent } from '../../../../../shared/stages/load-to-gold/silver/intent.ts';
import {
  isOutstanding,
  planSources,
  type Standing,
  standingOf,
} from '../../../../../shared/stages/load-to-gold/silver/plan-sources.ts';
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
  ])('%s: a commit would change something: %s', (standing, outstanding) => {
    expect(isOutstanding(standing)).toBe(outstanding);
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
