import type { Shown } from './number-formats.ts';

const MS_PER_DAY = 86_400_000;
/** 9999-12-31. */
const MAX_SERIAL = 2_958_466;
/** Day 0 in both systems: 1899-12-31, and 1904-01-01. */
const EPOCH = { 1900: Date.UTC(1899, 11, 31), 1904: Date.UTC(1904, 0, 1) } as const;
/** 1900 has a 29th of February there, as it had in Lotus 1-2-3. */
const LEAP_SERIAL = 60;

/** How the workbook counts days. */
export type DateSystem = keyof typeof EPOCH;

/**
 * The text of a number that is shown as a date or a time, in milliseconds; undefined where it can be none. A date without a
 * time is given without one, whatever the format.
 */
export const textOfSerial = (serial: number, shown: Shown, system: DateSystem): string | undefined => {
  if (!(serial >= 0)) return undefined;
  const ms = Math.round(serial * MS_PER_DAY);
  if (shown === 'elapsed') return clockOf(ms);
  if (serial >= MAX_SERIAL - (system === 1904 ? 1462 : 0)) return undefined;
  const [day, time] = [Math.floor(ms / MS_PER_DAY), ms % MS_PER_DAY];
  if (shown === 'time' && day === 0) return clockOf(time);
  const date = dateOf(day, system);
  return time === 0 ? date : `${date} ${clockOf(time)}`;
};

/** The days before 1900-03-01 that exist in Excel only are given as it shows them, and fit no column of dates. */
const dateOf = (day: number, system: DateSystem): string => {
  if (system === 1900 && day === 0) return '1900-01-00';
  if (system === 1900 && day === LEAP_SERIAL) return '1900-02-29';
  const past = system === 1900 && day > LEAP_SERIAL ? 1 : 0;
  return new Date(EPOCH[system] + (day - past) * MS_PER_DAY).toISOString().slice(0, 10);
};

const clockOf = (ms: number): string => {
  const two = (value: number): string => String(value).padStart(2, '0');
  const seconds = Math.floor(ms / 1000);
  const rest = ms % 1000;
  const fraction = rest === 0 ? '' : `.${String(rest).padStart(3, '0')}`;
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${fraction}`;
};
