import { setTimeout } from 'node:timers/promises';

/** Resolves when the caller may make its next request. */
export type RateLimiter = () => Promise<void>;

/** Admits `burst` callers at once, then `perSecond` in even distances, in the order in which they asked. */
export const rateLimiter = (
  burst: number,
  perSecond: number,
  now: () => number = Date.now,
  sleep: (ms: number) => Promise<unknown> = setTimeout,
): RateLimiter => {
  const intervalMs = 1_000 / perSecond;
  let admitted = 0;
  return async () => {
    const asked = now();
    admitted = Math.max(asked - (burst - 1) * intervalMs, admitted + intervalMs);
    if (admitted > asked) await sleep(admitted - asked);
  };
};
