/**
 * DuckDB's texts of dates, times and timestamps ↔ days and microseconds, in the proleptic Gregorian calendar, for all
 * years that DuckDB supports (JavaScript's dates end in the year 275760).
 */

export const MICROS_PER_DAY = 86_400_000_000n;

/** DuckDB's stored form of `infinity`, in memory and in Parquet. `-infinity` is its negative. */
export const INFINITE_DAYS = 2_147_483_647;
export const INFINITE_MICROS = 9_223_372_036_854_775_807n;

const DAYS_PER_ERA = 146_097;
const ERA_STARTS_BEFORE_1970 = 719_468;

/** Days since 1970-01-01. Years begin on 1 March and are counted in eras of 400 years, which all have the same length. */
const daysFromCivil = (year: number, month: number, day: number): number => {
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - ERA_STARTS_BEFORE_1970;
};

/** Days since 1970-01-01 → a day of the proleptic Gregorian calendar. The year 0 is 1 BC. */
export const civilFromDays = (days: number): { year: number; month: number; day: number } => {
  const shifted = days + ERA_STARTS_BEFORE_1970;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const leapDays =
    Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = ((marchMonth + 2) % 12) + 1;
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
};

const pad = (value: number | bigint, digits: number): string => String(value).padStart(digits, '0');

/** `2012-01-31`, `10000-01-01` or `0044-03-15 (BC)` → days since 1970-01-01; undefined for other text. */
export const daysOfDate = (text: string): number | undefined => {
  if (text === 'infinity') return INFINITE_DAYS;
  if (text === '-infinity') return -INFINITE_DAYS;
  const found = /^(\d{4,7})-(\d\d)-(\d\d)( \(BC\))?$/.exec(text);
  if (found === null) return undefined;
  const shown = Number(found[1]);
  // The text has no year 0: 1 BC is the year before 1.
  const days = daysFromCivil(found[4] === undefined ? shown : 1 - shown, Number(found[2]), Number(found[3]));
  return Math.abs(days) < INFINITE_DAYS && dateOfDays(days) === text ? days : undefined;
};

export const dateOfDays = (days: number): string => {
  if (Math.abs(days) === INFINITE_DAYS) return days > 0 ? 'infinity' : '-infinity';
  const { year, month, day } = civilFromDays(days);
  const shown = `${pad(year > 0 ? year : 1 - year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  return year > 0 ? shown : `${shown} (BC)`;
};

/** `23:59:59.5` → microseconds since midnight; undefined for other text, and for 24:00:00, which Iceberg lacks. */
export const microsOfTime = (text: string): bigint | undefined => {
  const found = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?$/.exec(text);
  if (found === null) return undefined;
  const seconds = Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3]);
  return BigInt(seconds) * 1_000_000n + BigInt((found[4] ?? '').padEnd(6, '0'));
};

export const timeOfMicros = (micros: bigint): string => {
  const seconds = Number(micros / 1_000_000n);
  const fraction = pad(micros % 1_000_000n, 6).replace(/0+$/, '');
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return clock.map((part) => pad(part, 2)).join(':') + (fraction === '' ? '' : `.${fraction}`);
};

/** `2011-12-31 23:00:00.5`, with `+00` at its end or not → microseconds since 1970; undefined for other text. */
export const microsOfTimestamp = (text: string): bigint | undefined => {
  if (text === 'infinity') return INFINITE_MICROS;
  if (text === '-infinity') return -INFINITE_MICROS;
  const found = /^(\S+(?: \(BC\))?) ([\d:.]+?)(?:\+00)?$/.exec(text);
  const days = daysOfDate(found?.[1] ?? '');
  const time = microsOfTime(found?.[2] ?? '');
  if (days === undefined || time === undefined) return undefined;
  const micros = BigInt(days) * MICROS_PER_DAY + time;
  return micros < INFINITE_MICROS && micros > -INFINITE_MICROS ? micros : undefined;
};

/** Microseconds since 1970 → text without a time zone. */
export const timestampOfMicros = (micros: bigint): string => {
  if (micros === INFINITE_MICROS) return 'infinity';
  if (micros === -INFINITE_MICROS) return '-infinity';
  const time = ((micros % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY;
  return `${dateOfDays(Number((micros - time) / MICROS_PER_DAY))} ${timeOfMicros(time)}`;
};
