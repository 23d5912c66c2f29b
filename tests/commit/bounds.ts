import type { Loaded, Requests } from './load.ts';

export type Counted = Pick<Loaded, 'status'> & { requests: Requests };

/**
 * Requests for metadata that one writer makes, however many there are at once. On the average it looks at the table
 * for each of the few versions that are made while it is there. (One alone makes 23. If each writer committed for
 * itself, it would be some 10 N.)
 */
const MOST = { onAverage: 75, besidesIntents: 150 };

/**
 * Requests for what waits, at most: one's own is written and removed; who begins a version lists them, reads a
 * hundred and removes those that are committed already. Who is passed by, as on a machine that stands still for a
 * lease, begins another.
 */
const mostForIntents = ({ begun }: Requests): number => 2 + 201 * begun;

export const sum = (done: readonly Counted[], of: (requests: Requests) => number): number =>
  done.reduce((total, { requests }) => total + of(requests), 0);

/** Without looks at a lock that another holds: their number depends on how long that takes. */
export const work = ({ metadata, looks }: Requests): number => metadata - looks;

/** @param mostVersions of silver and gold together: a few for those who come first, and then each for many */
export const expectBounded = (done: readonly Counted[], mostVersions = 16 + done.length / 5): void => {
  for (const { status, requests } of done) {
    expect(status).toBe('loaded');
    expect(requests.intents).toBeLessThanOrEqual(mostForIntents(requests));
    expect(work(requests) - requests.intents).toBeLessThanOrEqual(MOST.besidesIntents);
    // One look each time it has slept: 25, 50, 100 … ms, and then a second.
    expect(requests.looks).toBeLessThanOrEqual(requests.waits);
  }
  expect(sum(done, work)).toBeLessThanOrEqual(done.length * MOST.onAverage);
  expect(sum(done, ({ versions }) => versions)).toBeLessThanOrEqual(mostVersions);
};
