import { nextRestarts, type Restarts, stuckUntil } from '../../../shared/run/restarts.ts';

const START = Date.UTC(2024, 0, 1);
const after = (seconds: number): Date => new Date(START + seconds * 1000);

/** The rounds of an execution whose Validate has one contract after the other, a minute apart. */
const rounds = (...fingerprints: string[]): Restarts[] => {
  const made: Restarts[] = [];
  for (const [i, fingerprint] of fingerprints.entries())
    made.push(nextRestarts(made.at(-1), fingerprint, after(i * 60)));
  return made;
};

test('an execution that goes back for the first time does not wait, nor one whose contract has changed meanwhile', () => {
  expect(rounds('a', 'b', 'c').map(({ in_vain, wait_seconds }) => [in_vain, wait_seconds])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
});

test('one that goes back in vain waits longer each time, for as long as a deployment takes', () => {
  const waits = rounds('a', 'a', 'a', 'a', 'a').map(({ wait_seconds }) => wait_seconds);
  expect(waits).toEqual([0, 15, 30, 60, 120]);
  expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThanOrEqual(180);
  // Another contract ends the series.
  expect(rounds('a', 'a', 'a', 'b').at(-1)).toMatchObject({ in_vain: 0, wait_seconds: 0 });
});

test('after five times in vain it gives up within the time of a round; a redrive that comes later goes back again', () => {
  const made = rounds('a', 'a', 'a', 'a', 'a', 'a', 'a');
  expect(made.map(stuckUntil)).toEqual([
    ...Array(5).fill(undefined),
    // Each round took a minute.
    after(5 * 60 + 60),
    after(6 * 60 + 60),
  ]);
  expect(made.at(-1)?.wait_seconds).toBe(120);
});

test('a clock that is set back makes no round of negative length', () => {
  const first = nextRestarts(undefined, 'a', after(60));
  expect(nextRestarts(first, 'a', after(0))).toMatchObject({ round_ms: 0, in_vain: 1 });
});
