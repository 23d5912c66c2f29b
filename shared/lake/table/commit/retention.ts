import { DAY_MS, HOUR_MS } from '../../../base/time.ts';

/** What to keep of a table's history. */
export interface Retention {
  /** The newest snapshots, at least one. */
  newest: number;
  /** The last snapshot of each of so many hours, the present one included. */
  hours: number;
  /** The last snapshot of each of so many days (UTC), today included. */
  days: number;
}

export const DEFAULT_RETENTION: Readonly<Retention> = { newest: 60, hours: 24, days: 30 };

/**
 * The ids of the snapshots that the policy does not keep: history gets thinner with age, as backups do, so that a
 * table's metadata stays bounded and time travel still reaches far back. Never more than newest + hours + days are
 * left, and never less than the last.
 *
 * Of each hour and day the last snapshot is kept: the one that is there however often it was thinned in between.
 *
 * @param snapshots in the order of their commits, the oldest first; `at` in milliseconds since 1970. Writers'
 *   clocks differ, so it is the order that tells which is newest, and a time to come counts as now.
 */
export const expired = (
  snapshots: readonly { id: number; at: number }[],
  now: number,
  { newest, hours, days }: Retention,
): number[] => {
  const kept = new Set(snapshots.slice(-Math.max(1, newest)).map(({ id }) => id));
  const keepLastOfEach = (length: number, periods: number): void => {
    const present = Math.floor(now / length);
    const last = new Map<number, number>();
    for (const { id, at } of snapshots) last.set(Math.min(present, Math.floor(at / length)), id);
    for (const [period, id] of last) if (period > present - periods) kept.add(id);
  };
  keepLastOfEach(HOUR_MS, hours);
  keepLastOfEach(DAY_MS, days);
  return snapshots.filter(({ id }) => !kept.has(id)).map(({ id }) => id);
};
