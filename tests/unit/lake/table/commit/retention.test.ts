import fc from 'fast-check';
import {
  DEFAULT_RETENTION,
  expired,
  type Retention,
} from '../../../../../shared/lake/table/commit/retention.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2024, 4, 31, 12);

interface Taken {
  id: number;
  at: number;
}

const keptOf = (snapshots: readonly Taken[], now: number, policy: Retention): Taken[] => {
  const gone = new Set(expired(snapshots, now, policy));
  return snapshots.filter(({ id }) => !gone.has(id));
};

const times = (snapshots: readonly Taken[]): string[] =>
  snapshots.map(({ at }) => new Date(at).toISOString().slice(5, 16));

/** Snapshots at regular intervals, up to now. */
const every = (length: number, count: number): Taken[] =>
  Array.from({ length: count }, (_, index) => ({ id: index + 1, at: NOON - (count - 1 - index) * length }));

test('a table without history, or with one snapshot however old, stays as it is', () => {
  expect(expired([], NOON, DEFAULT_RETENTION)).toEqual([]);
  expect(expired([{ id: 7, at: 0 }], NOON, { newest: 0, hours: 0, days: 0 })).toEqual([]);
});

test('keeps the newest, then the last of each hour, then the last of each day', () => {
  const kept = keptOf(every(10 * MINUTE, 1_000), NOON, { newest: 3, hours: 4, days: 3 });
  expect(times(kept)).toEqual([
    '05-29T23:50',
    '05-30T23:50',
    '05-31T09:50',
    '05-31T10:50',
    '05-31T11:40',
    '05-31T11:50',
    '05-31T12:00',
  ]);
});

test('a table that is written every minute for years keeps a bounded history that reaches back a month', () => {
  const kept = keptOf(every(MINUTE, 60 * 24 * 90), NOON, DEFAULT_RETENTION);
  expect(kept.length).toBeLessThanOrEqual(60 + 24 + 30);
  expect(times(kept).at(0)).toBe('05-02T23:59');
});

test('a table that is written once a week keeps its newest, whatever their age', () => {
  expect(expired(every(7 * DAY, 60), NOON, DEFAULT_RETENTION)).toEqual([]);
  expect(expired(every(7 * DAY, 63), NOON, DEFAULT_RETENTION)).toEqual([1, 2, 3]);
});

test('days are those of UTC', () => {
  const midnight = Date.UTC(2024, 4, 31);
  const snapshots = [midnight - 1, midnight, midnight + 1].map((at, index) => ({ id: index + 1, at }));
  expect(expired(snapshots, midnight + 1, { newest: 1, hours: 0, days: 2 })).toEqual([2]);
});

test('the newest is the last committed, also where its writer’s clock is behind', () => {
  const snapshots = [
    { id: 1, at: NOON },
    { id: 2, at: NOON - 40 * DAY },
  ];
  expect(expired(snapshots, NOON, { newest: 1, hours: 0, days: 0 })).toEqual([1]);
});

test('clocks that are ahead do not make the history longer', () => {
  const ahead = every(HOUR, 200).map(({ id, at }) => ({ id, at: at + 1_000 * DAY }));
  expect(keptOf(ahead, NOON, { newest: 2, hours: 3, days: 4 })).toHaveLength(2);
});

const policies = fc.record({
  newest: fc.integer({ min: 1, max: 5 }),
  hours: fc.integer({ min: 0, max: 5 }),
  days: fc.integer({ min: 0, max: 5 }),
});

test('for any times the kept snapshots are bounded and include the newest, and expiring again changes nothing', () => {
  const moments = fc.array(fc.integer({ min: NOON - 10 * DAY, max: NOON + 2 * DAY }), { maxLength: 80 });
  fc.assert(
    fc.property(moments, policies, (ats, policy) => {
      const snapshots = ats.map((at, index) => ({ id: index * 7 + 3, at }));
      const kept = keptOf(snapshots, NOON, policy);
      expect(kept.length).toBeLessThanOrEqual(policy.newest + policy.hours + policy.days);
      expect(kept.slice(-policy.newest)).toEqual(snapshots.slice(-policy.newest));
      expect(expired(kept, NOON, policy)).toEqual([]);
    }),
  );
});

test('the kept snapshots do not depend on how often the policy was applied', () => {
  const steps = fc.array(
    fc.record({ after: fc.oneof(fc.nat(2 * HOUR), fc.nat(2 * DAY)), thin: fc.boolean() }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(steps, policies, (history, policy) => {
      const all: Taken[] = [];
      let thinned: Taken[] = [];
      let now = NOON;
      for (const [index, { after, thin }] of history.entries()) {
        now += after;
        const taken = { id: index + 1, at: now };
        all.push(taken);
        thinned = [...thinned, taken];
        if (thin) thinned = keptOf(thinned, now, policy);
      }
      expect(keptOf(thinned, now, policy)).toEqual(keptOf(all, now, policy));
    }),
  );
});
