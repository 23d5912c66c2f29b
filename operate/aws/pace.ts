import { setTimeout } from 'node:timers/promises';

/** Waits for the caller's turn. */
export type Pace = () => Promise<void>;

/** Lets so many callers through at once, then so many per second, evenly, in the order in which they asked. */
export const pace = (
  burst: number,
  perSecond: number,
  now: () => number = Date.now,
  sleep: (ms: number) => Promise<unknown> = setTimeout,
): Pace => {
  const apart = 1_000 / perSecond;
  let turn = 0;
  return async () => {
    const asked = now();
    turn = Math.max(asked - (burst - 1) * apart, turn + apart);
    if (turn > asked) await sleep(turn - asked);
  };
};
