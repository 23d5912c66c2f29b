import { DAY_MS, HOUR_MS } from '../../../base/time.ts';

/** Retention policy: which snapshots a table keeps. */
export interface Retention {
  /** Number of newest snapshots to keep, at least one. */
  newest: number;
  /** Number of hours, including the current one, of which the last snapshot is kept. */
  hours: number;
  /** Number of days (UTC), including today, of which the last snapshot is kept. */
  days: number;
}

export const DEFAULT_RETENTION: Readonly<Retention> = { newest: 60, hours: 24, days: 30 };

/**
 * The ids of the snapshots that the policy does not keep. Like backups, fewer snapshots are kept the older they are, so
 * that a table's metadata stays bounded and time travel still reaches far back. At most newest + hours + days snapshots
 * stay, and always the last.
 *
 * Each hour and day keeps its last snapshot, so that the result does not depend on how often the policy was applied.
 *
 * @param snapshots in the order of their commits, the oldest first; `at` in milliseconds since 1970. Writers' clocks
 *   differ, so the order decides which snapshot is newest, and a time in the future counts as now.
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
