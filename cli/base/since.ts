import { UsageError } from '../../shared/errors.ts';
import { isDay } from '../../shared/query/when.ts';

const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a point in time: a time span back from now (`90m`, `24h`, `3d`), or an ISO 8601 date or time.
 *
 * @throws UsageError when it is neither
 */
export const parseSince = (text: string, now: Date = new Date()): Date => {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const time = new Date(
    count !== undefined
      ? now.getTime() - Number(count) * (UNIT_MS[unit] ?? 0)
      : isIso(text)
        ? text
        : Number.NaN,
  );
  if (Number.isNaN(time.getTime()))
    throw new UsageError(`--since takes 90m, 24h, 3d, or a time such as 2026-11-21T03:00Z, not "${text}".`);
  return time;
};

/** JavaScript accepts more, with surprises: it reads 48 as a year, and February 31 as a day in March. */
const isIso = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text) && isDay(text.slice(0, 10));
