import { literal } from '../engine/sql.ts';

/**
 * DuckDB casts text without an exponent to DECIMAL exactly. With an exponent it is wrong in both directions: in
 * DECIMAL(10,2) it reads `5e-45` as 0.01 and `1.5e10` beyond the precision. So the exponent is written out first.
 */

const SCIENTIFIC = String.raw`^([+-]?)([0-9]*)\.?([0-9]*)[eE]([+-]?[0-9]+)$`;
/** Numbers with a larger exponent are rejected: DECIMAL has 38 digits, and a double ends at 308. */
const MAX_EXPONENT = 1000;

/**
 * SQL that casts the text of a number, with or without an exponent, to a DECIMAL; NULL where it does not fit.
 *
 * @param written a text that is faster to get than `text`, and has an `e` where that has one
 */
export const decimalOfText = (text: string, type: string, written = text): string =>
  `TRY_CAST(CASE WHEN contains(${written}, 'e') OR contains(${written}, 'E') THEN ${writtenOut(text)} ELSE ${text} END AS ${type})`;

/** SQL that moves the decimal point of a number with an exponent: `1.5e-3` becomes `0.0015`. */
const writtenOut = (text: string): string => {
  const parts = `regexp_extract(${text}, ${literal(SCIENTIFIC)}, ['sign', 'whole', 'fraction', 'exponent'])`;
  // A list of one, so that the lambda gives each part a name. No column of a contract is called `_n`.
  const moved = `list_transform([${parts}], lambda _n: {
    'sign': _n.sign, 'digits': _n.whole || _n.fraction, 'point': len(_n.whole) + TRY_CAST(_n.exponent AS INTEGER)})`;
  return `list_transform(${moved}, lambda _n: CASE
    WHEN abs(_n.point) > ${MAX_EXPONENT} THEN NULL
    WHEN _n.point <= 0 THEN _n.sign || '0.' || repeat('0', -_n.point) || _n.digits
    WHEN _n.point >= len(_n.digits) THEN _n.sign || _n.digits || repeat('0', _n.point - len(_n.digits))
    ELSE _n.sign || left(_n.digits, _n.point) || '.' || substr(_n.digits, _n.point + 1) END)[1]`;
};
