import { setTimeout } from 'node:timers/promises';

const PAUSE_MS = 100;

/**
 * Polls until the answer is neither undefined nor false, and returns it.
 *
 * @throws Error when the time is over; its message names what was awaited
 */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  withinMs = 600_000,
): Promise<T> => {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${withinMs / 1000} s in vain: ${what}.`);
    await setTimeout(PAUSE_MS);
  }
};
