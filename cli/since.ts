import { InvalidInput } from '../shared/errors.ts';

const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a point in time: so long ago (`90m`, `24h`, `3d`), or an ISO 8601 date or time.
 *
 * @throws InvalidInput when it is neither
 */
export const parseSince = (text: string, now: Date = new Date()): Date => {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const time = count === undefined ? Date.parse(text) : now.getTime() - Number(count) * (UNIT_MS[unit] ?? 0);
  if (Number.isNaN(time))
    throw new InvalidInput(`--since takes 90m, 24h, 3d, or a time such as 2026-11-21T03:00Z, not "${text}".`);
  return new Date(time);
};
