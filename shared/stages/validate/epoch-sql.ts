import type { EpochUnit } from '../../contract/text-forms.ts';

/** Microseconds of each unit, and the digits that it has down to a microsecond. */
const UNITS: Readonly<Record<Exclude<EpochUnit, 'nanoseconds'>, { factor: number; decimals: number }>> = {
  days: { factor: 86_400_000_000, decimals: 0 },
  seconds: { factor: 1_000_000, decimals: 6 },
  milliseconds: { factor: 1_000, decimals: 3 },
  microseconds: { factor: 1, decimals: 0 },
};

/** The years 0001 to 9999, in microseconds since 1970. */
const FIRST = '-62135596800000000';
const LAST = '253402300799999999';

/** SQL of the microseconds since 1970; NULL beyond what BIGINT holds. A double would round them. */
const microseconds = (text: string, unit: EpochUnit): string => {
  if (unit === 'nanoseconds')
    return `TRY_CAST(TRY_CAST(TRY_CAST(${text} AS DECIMAL(24,0)) AS HUGEINT) // 1000 AS BIGINT)`;
  const { factor, decimals } = UNITS[unit];
  return `TRY_CAST(TRY_CAST(${text} AS DECIMAL(24,${decimals})) * ${factor} AS BIGINT)`;
};

/**
 * SQL that reads a text that matches `EPOCHS` as a date or timestamp in UTC. NULL outside of the years 0001 to 9999, and
 * for a date that is no whole day.
 */
export const parseEpoch = (text: string, unit: EpochUnit, type: string): string => {
  // A list of one, so that the lambda gives the number a name.
  const whole = type === 'DATE' ? ' AND _n % 86400000000 = 0' : '';
  return `list_transform([${microseconds(text, unit)}], lambda _n:
    CASE WHEN _n BETWEEN ${FIRST} AND ${LAST}${whole} THEN CAST(make_timestamp(_n) AS ${type}) END)[1]`;
};
