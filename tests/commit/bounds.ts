import type { Loaded, Requests } from './load.ts';

export type Counted = Pick<Loaded, 'status'> & { requests: Requests };

/**
 * The most requests for metadata of one writer on average, however many writers there are at once: a writer reads the
 * table once for each of the few versions that are committed while it waits. A single writer makes 23 requests. If each
 * writer made its own commit, N writers would make about 10 N each.
 */
const MAX = { onAverage: 75, besidesIntents: 150 };

/**
 * The most requests for intents. A writer writes and removes its own. A writer that begins a version lists all intents,
 * reads a hundred, and removes those that are already committed. A holder whose lease runs out begins another version.
 */
const maxForIntents = ({ begun }: Requests): number => 2 + 201 * begun;

export const sum = (done: readonly Counted[], of: (requests: Requests) => number): number =>
  done.reduce((total, { requests }) => total + of(requests), 0);

/** Requests without reads of a lock that another writer holds, as their number depends on how long it holds it. */
export const work = ({ metadata, looks }: Requests): number => metadata - looks;

/** @param maxVersions of silver and gold together: one each for the first few writers, then one for many writers */
export const expectBounded = (done: readonly Counted[], maxVersions = 16 + done.length / 5): void => {
  for (const { status, requests } of done) {
    expect(status).toBe('loaded');
    expect(requests.intents).toBeLessThanOrEqual(maxForIntents(requests));
    expect(work(requests) - requests.intents).toBeLessThanOrEqual(MAX.besidesIntents);
    // A waiting writer reads the lock once after each sleep of 25, 50, 100 … ms, up to a second.
    expect(requests.looks).toBeLessThanOrEqual(requests.waits);
  }
  expect(sum(done, work)).toBeLessThanOrEqual(done.length * MAX.onAverage);
  expect(sum(done, ({ versions }) => versions)).toBeLessThanOrEqual(maxVersions);
};
