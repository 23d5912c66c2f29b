import { UsageError } from '../errors.ts';

/** A point in a lake's history: a moment, in milliseconds since 1970, or a snapshot of one table. */
export type When = { time: number } | { snapshot: number };

const DAY = /^\d{4}-\d\d-\d\d$/;
const MOMENT = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)$/;

/**
 * Parses the value of `--at`: the id of a snapshot, an ISO 8601 time with its zone, or a date. A date means the end of that
 * day in UTC, so that it includes all commits of the day.
 *
 * @throws UsageError when the text is none of these
 */
export const parseWhen = (text: string): When => {
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(Number(text))) return { snapshot: Number(text) };
  const [, day = DAY.test(text) ? text : '', clock = '23:59:59.999', zone = 'Z'] = MOMENT.exec(text) ?? [];
  const time = isDay(day) ? Date.parse(`${day}T${clock}${zone}`) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(
      `--at takes a time with its zone (2026-11-21T03:00Z, 2026-11-21T04:00+01:00), a date (the end of that day in UTC) or the id of a snapshot, not "${text}".`,
    );
  return { time };
};

/** Whether the date exists: JavaScript reads February 31 as a day in March. */
export const isDay = (day: string): boolean => {
  const time = Date.parse(`${day}T00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
};
