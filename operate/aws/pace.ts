import { setTimeout } from 'node:timers/promises';

/** A rate limiter: resolves when the caller may make its next request. */
export type Pace = () => Promise<void>;

/** Admits `burst` callers at once, then `perSecond` in even distances, in the order in which they asked. */
export const pace = (
  burst: number,
  perSecond: number,
  now: () => number = Date.now,
  sleep: (ms: number) => Promise<unknown> = setTimeout,
): Pace => {
  const intervalMs = 1_000 / perSecond;
  let admitted = 0;
  return async () => {
    const asked = now();
    admitted = Math.max(asked - (burst - 1) * intervalMs, admitted + intervalMs);
    if (admitted > asked) await sleep(admitted - asked);
  };
};
