/** Families of DuckDB types, recognized by the names that DESCRIBE prints. */

export const isInteger = (type: string): boolean => /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(type);

/** Whole numbers and decimals: each value has one text, and comparing needs no rounding. */
export const isExactNumber = (type: string): boolean => isInteger(type) || /^DECIMAL\(\d+,\d+\)$/.test(type);

/** Digits after the point of an exact number's type. */
export const scaleOf = (type: string): number => Number(/^DECIMAL\(\d+,(\d+)\)$/.exec(type)?.[1] ?? 0);

export const isNumber = (type: string): boolean =>
  isExactNumber(type) || type === 'FLOAT' || type === 'DOUBLE';
