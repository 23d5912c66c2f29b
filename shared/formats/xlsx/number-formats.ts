/** How a number is shown: `elapsed` is a time that may be longer than a day. */
export type Shown = 'number' | 'date' | 'time' | 'elapsed';

/** The formats that Excel has by number, in all languages: ECMA-376, part 1, 18.8.30. */
const BUILT_IN: readonly (readonly [from: number, to: number, shown: Shown])[] = [
  [14, 17, 'date'],
  [18, 21, 'time'],
  [22, 22, 'date'],
  [27, 31, 'date'],
  [32, 35, 'time'],
  [36, 36, 'date'],
  [45, 45, 'time'],
  [46, 46, 'elapsed'],
  [47, 47, 'time'],
  [50, 58, 'date'],
];

/** @param code the format's own code, where the workbook defines one */
export const shownBy = (id: number, code: string | undefined): Shown => {
  if (code === undefined) return BUILT_IN.find(([from, to]) => id >= from && id <= to)?.[2] ?? 'number';
  // Quoted and escaped characters, fillers and General mean nothing here.
  const bare = code
    .replace(/"[^"]*"|\\.|[_*]./g, '')
    .replace(/general/gi, '')
    .split(';', 1)
    .join('');
  if (/\[(h+|m+|s+)\]/i.test(bare)) return 'elapsed';
  const letters = bare.replace(/\[[^\]]*\]/g, '').replace(/am\/pm|a\/p/gi, 'h');
  if (/[yd]/i.test(letters)) return 'date';
  if (/[hs]/i.test(letters)) return 'time';
  return /m/i.test(letters) ? 'date' : 'number';
};
