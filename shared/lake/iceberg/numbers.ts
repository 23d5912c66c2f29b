/** DuckDB's texts of floating-point numbers and decimals ↔ their values. */

/** `0.1`, `1e+30`, `inf` → number; undefined for NaN, which has no order and no bound, and for other text. */
export const floatOfText = (text: string): number | undefined => {
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  if (text === '-inf') return Number.NEGATIVE_INFINITY;
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) ? Number(text) : undefined;
};

/** DuckDB's text of a DOUBLE, or of a FLOAT (`single`): the fewest digits that give the same value. */
export const textOfFloat = (value: number, single: boolean): string => {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa = '0', power = '0'] = fewestDigits(Math.abs(value), single).split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const shown = Math.abs(exponent).toString().padStart(2, '0');
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${shown}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
};

/** The shortest exponential notation. JavaScript finds it for doubles only; nine digits distinguish all floats. */
const fewestDigits = (value: number, single: boolean): string => {
  if (!single) return value.toExponential();
  for (let digits = 0; digits < 8; digits += 1) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential(8);
};

/** `-12.50` at scale 2 → -1250n; undefined if the text has more digits than precision or scale allow. */
export const unscaledOfText = (text: string, precision: number, scale: number): bigint | undefined => {
  const found = /^(-?)(\d*)(?:\.(\d+))?$/.exec(text);
  if (found === null || !/\d/.test(text)) return undefined;
  const fraction = (found[3] ?? '').padEnd(scale, '0');
  if (!/^0*$/.test(fraction.slice(scale))) return undefined;
  const unscaled = BigInt((found[2] ?? '') + fraction.slice(0, scale) || '0');
  if (unscaled >= 10n ** BigInt(precision)) return undefined;
  return found[1] === '-' ? -unscaled : unscaled;
};

/** DuckDB's text of a decimal: without a 0 before the point if the type has no digit there. */
export const textOfUnscaled = (unscaled: bigint, precision: number, scale: number): string => {
  const sign = unscaled < 0n ? '-' : '';
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  if (scale === 0) return sign + digits;
  const whole = digits.slice(0, -scale);
  return `${sign}${precision === scale && whole === '0' ? '' : whole}.${digits.slice(-scale)}`;
};

/** Two's complement, big-endian, in the fewest bytes: the first bit is the sign. */
export const bytesOfUnscaled = (unscaled: bigint): Buffer => {
  let length = 1;
  while (BigInt.asIntN(length * 8, unscaled) !== unscaled) length += 1;
  return paddedUnscaled(unscaled, length);
};

/** Two's complement, big-endian, in `length` bytes. */
export const paddedUnscaled = (unscaled: bigint, length: number): Buffer =>
  Buffer.from(
    BigInt.asUintN(length * 8, unscaled)
      .toString(16)
      .padStart(length * 2, '0'),
    'hex',
  );

export const unscaledOfBytes = (bytes: Uint8Array): bigint =>
  bytes.length === 0
    ? 0n
    : BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
