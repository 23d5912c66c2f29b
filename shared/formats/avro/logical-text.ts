import type { Logical } from './schema.ts';

/** The texts that logical types are read as. A value outside the range keeps the form of a number, which no column of the type accepts. */

const MS_PER_DAY = 86_400_000;
const MAX_DATE_MS = 8_640_000_000_000_000;
/** Printing a longer number takes long, and no DECIMAL holds it. */
const MAX_DECIMAL_BYTES = 256;

/** How many of a logical type's units are a millisecond, and the digits of a second that they give. */
const UNITS: Partial<Record<Logical, { perMs: number; digits: number }>> = {
  'time-millis': { perMs: 1, digits: 3 },
  'time-micros': { perMs: 1000, digits: 6 },
  'timestamp-millis': { perMs: 1, digits: 3 },
  'timestamp-micros': { perMs: 1000, digits: 6 },
  'timestamp-nanos': { perMs: 1_000_000, digits: 9 },
  'local-timestamp-millis': { perMs: 1, digits: 3 },
  'local-timestamp-micros': { perMs: 1000, digits: 6 },
  'local-timestamp-nanos': { perMs: 1_000_000, digits: 9 },
};

/**
 * @param logical of an int or a long
 * @param asDate whether a timestamp at midnight is to be a date
 */
export const textOfNumber = (value: number | bigint, logical: Logical, asDate: boolean): string => {
  if (logical === 'date')
    return isoOf(Number(value) * MS_PER_DAY)?.slice(0, -'T00:00:00'.length) ?? `${value}`;
  const unit = UNITS[logical];
  if (unit === undefined) return `${value}`;
  const { ms, rest } = divide(value, unit.perMs);
  if (logical.startsWith('time-') && (ms < 0 || ms >= MS_PER_DAY)) return `${value}`;
  const iso = isoOf(ms);
  if (iso === undefined) return `${value}`;
  const subsecond = (((ms % 1000) + 1000) % 1000) * unit.perMs + rest;
  const fraction = subsecond === 0 ? '' : `.${String(subsecond).padStart(unit.digits, '0')}`;
  if (logical.startsWith('time-')) return iso.slice(-'00:00:00'.length) + fraction;
  if (asDate && fraction === '' && iso.endsWith('T00:00:00')) return iso.slice(0, -'T00:00:00'.length);
  return `${iso}${fraction}${logical.startsWith('local-') ? '' : 'Z'}`;
};

/** Whole milliseconds, rounded down, and the units that are left over. */
const divide = (value: number | bigint, perMs: number): { ms: number; rest: number } => {
  if (typeof value === 'number') {
    const ms = Math.floor(value / perMs);
    return { ms, rest: value - ms * perMs };
  }
  const by = BigInt(perMs);
  const rest = ((value % by) + by) % by;
  return { ms: Number((value - rest) / by), rest: Number(rest) };
};

/** A date and time in whole seconds; undefined where a Date cannot hold it. */
const isoOf = (ms: number): string | undefined =>
  Math.abs(ms) <= MAX_DATE_MS ? new Date(ms).toISOString().slice(0, -'.000Z'.length) : undefined;

/** @returns undefined for bytes that are longer than any number that is read */
export const textOfDecimal = (bytes: Buffer, scale: number): string | undefined => {
  if (bytes.length > MAX_DECIMAL_BYTES) return undefined;
  const unscaled =
    bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  if (scale === 0) return `${unscaled}`;
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
};

/** @param bytes sixteen */
export const textOfUuid = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** A duration of ISO 8601. @param bytes twelve: months, days and milliseconds */
export const textOfDuration = (bytes: Buffer): string => {
  const ms = bytes.readUInt32LE(8);
  return `P${bytes.readUInt32LE(0)}M${bytes.readUInt32LE(4)}DT${ms / 1000}S`;
};
