/** Families of DuckDB's types, told by their names as DESCRIBE prints them. */

export const isInteger = (type: string): boolean => /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(type);

/** Whole numbers and decimals: what has one text and an order without rounding. */
export const isExactNumber = (type: string): boolean => isInteger(type) || /^DECIMAL\(\d+,\d+\)$/.test(type);

/** Decimals that an exact number has. */
export const scaleOf = (type: string): number => Number(/^DECIMAL\(\d+,(\d+)\)$/.exec(type)?.[1] ?? 0);

export const isNumber = (type: string): boolean =>
  isExactNumber(type) || type === 'FLOAT' || type === 'DOUBLE';
