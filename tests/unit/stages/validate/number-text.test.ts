import fc from 'fast-check';
import type { Json } from '../../../../shared/engine/values.ts';
import type { Db } from '../../../../shared/engine/with-duckdb.ts';
import { parseText, presentText } from '../../../../shared/stages/validate/typed-value.ts';
import { contractOf, inDuckDb, stage } from '../../../helpers/staging.ts';

const COMMA = '{ property: decimalSeparator, value: "," }';
const POINTS = '{ property: thousandsSeparator, value: "." }';
const settings = (...entries: string[]): string => `    customProperties: [${entries.join(', ')}]`;
const DECIMAL = 'name: a, logicalType: number, physicalType: "DECIMAL(12,3)"';

/** Reads texts as the column of the given YAML, both by its spelling and by its pattern: null for a rejected one. */
const fromCsv = async (
  column: string,
  texts: readonly string[],
  more = '',
): Promise<(Json | undefined)[]> => {
  const lines = texts.map((text, i) => `${i}|${text}`);
  const { all } = await stage(
    ['name: id, logicalType: integer', column],
    `id|a\n${lines.join('\n')}\n`,
    more,
  );
  return all.map(({ a }) => a);
};

const table = (name: string, column: string, more: string, cases: Record<string, Json>): void =>
  test(name, async () => {
    const values = await fromCsv(column, Object.keys(cases), more);
    expect(Object.fromEntries(Object.keys(cases).map((text, i) => [text, values[i]]))).toEqual(cases);
  });

const REFUSED = null;

table('a decimal comma and points between thousands', DECIMAL, settings(COMMA, POINTS), {
  '1.234,56': '1234.560',
  '1.234': '1234.000',
  '1234,56': '1234.560',
  '12,5': '12.500',
  '-1.234.567,8': '-1234567.800',
  '+7': '7.000',
  ',5': '0.500',
  '5,': '5.000',
  '1,5e3': '1500.000',
  '1.5': REFUSED,
  '12.34': REFUSED,
  '1.23,4': REFUSED,
  '1.234.56': REFUSED,
  '1234.567': REFUSED,
  '.123': REFUSED,
  '1..234': REFUSED,
  '0.123': REFUSED,
  '012.345': REFUSED,
  '1,234.5': REFUSED,
  '1,2,3': REFUSED,
  '1,234.567': REFUSED,
  '12,5-': REFUSED,
  '12,5%': REFUSED,
  '1 234': REFUSED,
  '- 5': REFUSED,
  ',': REFUSED,
});

table('a decimal comma alone', DECIMAL, settings(COMMA), {
  '1234,5': '1234.500',
  '1.234': REFUSED,
  '12.5': REFUSED,
});

table('whole numbers', 'name: a, logicalType: integer', settings(COMMA, POINTS), {
  '1.234': 1234,
  '1234': 1234,
  '1.234,00': 1234,
  '1.234,5': REFUSED,
  '12.34': REFUSED,
  '1e3': REFUSED,
});

table('commas between thousands', DECIMAL, settings('{ property: thousandsSeparator, value: "," }'), {
  '1,234.5': '1234.500',
  '12.345': '12.345',
  '1,23': REFUSED,
  '12,34,567': REFUSED,
});

table(
  'any blank between thousands',
  DECIMAL,
  settings(COMMA, '{ property: thousandsSeparator, value: " " }'),
  {
    '1 234,5': '1234.500',
    '1\u00a0234,5': '1234.500',
    '1\u202f234': '1234.000',
    ' 1 234 ': '1234.000',
    '1  234': REFUSED,
  },
);

table('any apostrophe', DECIMAL, settings(`{ property: thousandsSeparator, value: "'" }`), {
  "1'234.5": '1234.500',
  '1’234.5': '1234.500',
});

test('a column has its own separators, or all of the table', async () => {
  const { all, reasons } = await stage(
    [
      'name: a, logicalType: number',
      `name: b, logicalType: number, customProperties: [{ property: decimalSeparator, value: "." }]`,
      `name: c, logicalType: number, customProperties: [{ property: thousandsSeparator, value: "," }]`,
    ],
    'a;b;c\n1.234,5;1.234;1,234.5\n1.234,5;1.234,5;1\n',
    settings(COMMA, POINTS),
  );
  expect(all[0]).toMatchObject({ a: 1234.5, b: 1.234, c: 1234.5 });
  expect(reasons).toEqual({ 3: ['b.type'] });
});

test('numbers of JSON and Parquet have a point, texts in them have the separators', async () => {
  const columns = ['name: a, logicalType: number', 'name: b, logicalType: integer'];
  const json = await stage(
    columns,
    '{"a":"1.234","b":"1.234"}\n{"a":1.234,"b":1234}\n{"a":"1.5","b":null}\n{"a":"","b":1e3}\n',
    settings(COMMA, POINTS),
  );
  expect(json.all.map(({ a, b }) => [a, b])).toEqual([
    [1234, 1234],
    [1.234, 1234],
    [null, null],
    [null, 1000],
  ]);
  expect(json.reasons).toEqual({ 3: ['a.type'] });
  const two = await stage(columns, '{"a":"1.234","A":1.234}\n{"b":1,"a":1.5}\n', settings(COMMA, POINTS));
  expect(two.reasons).toEqual({ 1: ['a.type'] });
  const parquet = await stage(
    columns,
    { parquet: `SELECT '1.234' AS a, 1234 AS b UNION ALL SELECT '1,5', 7` },
    settings(COMMA, POINTS),
  );
  expect(parquet.all.map(({ a, b }) => [a, b])).toEqual([
    [1234, 1234],
    [1.5, 7],
  ]);
  const native = await stage(columns, { parquet: 'SELECT 1.234::DOUBLE AS a, 5.0 AS b' }, settings(COMMA));
  expect(native.all).toEqual([{ a: 1.234, b: 5, _rescued: null }]);
});

test('limits, allowed values and texts that mean "no value" are as the contract writes them', async () => {
  const { all, reasons } = await stage(
    [
      'name: a, logicalType: number, logicalTypeOptions: { maximum: 1.5 }',
      'name: b, logicalType: number, quality: [{ metric: invalidValues, arguments: { validValues: [2.5] }, mustBe: 0 }]',
    ],
    'a;b\n1,5;2,5\n1,6;2,6\n-9,9;2,50\n',
    settings(COMMA, '{ property: missingValues, value: ["-9,9"] }'),
  );
  expect(all.map(({ a, b }) => [a, b])).toEqual([
    [1.5, 2.5],
    [1.6, 2.6],
    [null, 2.5],
  ]);
  expect(reasons).toEqual({ 3: ['a.maximum', 'b.allowed'] });
});

/** A number as digits and the number of those after the point; undefined for any other text. It knows nothing of SQL. */
const readDigits = (
  text: string,
  decimal: string,
  thousands: string,
): { negative: boolean; digits: bigint; places: number; isPlain: boolean } | undefined => {
  let rest = text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
  const negative = rest.startsWith('-');
  if (negative || rest.startsWith('+')) rest = rest.slice(1);
  const [mantissa = '', power, ...more] = rest.split(/e/i);
  const [whole = '', fraction = '', ...others] = mantissa.split(decimal);
  const separator = thousands === ' ' ? /[ \u00a0]/ : thousands;
  const groups = thousands === '' ? [whole] : whole.split(separator);
  const digits = [...groups.join(''), ...fraction];
  const isWrong =
    more.length + others.length > 0 ||
    digits.length === 0 ||
    digits.some((digit) => !'0123456789'.includes(digit)) ||
    (groups.length > 1 &&
      (groups.slice(1).some((group) => group.length !== 3) ||
        ![1, 2, 3].includes(groups[0]?.length ?? 0) ||
        whole.startsWith('0'))) ||
    (power !== undefined && !/^[+-]?\d+$/.test(power));
  if (isWrong) return undefined;
  return {
    negative,
    digits: BigInt(digits.join('')),
    places: fraction.length - Number(power ?? 0),
    // An integer may have a point and zeros, but neither an exponent nor a point in front.
    isPlain: power === undefined && whole !== '',
  };
};

/** The units of the last of `scale` decimals, rounded half away from zero. */
const scaled = (digits: bigint, places: number, scale: number): bigint => {
  if (places <= scale) return digits * 10n ** BigInt(scale - places);
  const cut = 10n ** BigInt(places - scale);
  return (digits + cut / 2n) / cut;
};

const FORMS = [
  { decimal: ',', thousands: '.' },
  { decimal: ',', thousands: '' },
  { decimal: '.', thousands: ',' },
  { decimal: '.', thousands: ' ' },
  { decimal: ',', thousands: '_' },
  { decimal: '.', thousands: '' },
] as const;

const readAll = async (db: Db, options: string, form: (typeof FORMS)[number], texts: readonly string[]) => {
  const { columns } = await contractOf(
    db,
    [`name: a, ${options}`],
    settings(
      `{ property: decimalSeparator, value: "${form.decimal}" }`,
      `{ property: thousandsSeparator, value: "${form.thousands}" }`,
    ),
  );
  const [column] = columns;
  if (column === undefined) throw new Error('no column');
  const list = texts.map((text) => `'${text}'`).join(', ');
  const rows = await db.all<{ value: string | null }>(
    `SELECT CAST(${parseText('p', column)} AS VARCHAR) AS value FROM (SELECT ${presentText('t', column)} AS p FROM (SELECT unnest([${list}]) AS t))`,
  );
  return rows.map(({ value }) => value);
};

const part = fc.oneof(
  fc.stringMatching(/^[0-9]{1,4}$/),
  fc.constantFrom('.', ',', ' ', '_', '.', ',', '-', '+', 'e', 'E-', '000', '123', '%', '٣', '\u00a0'),
);
const noise = fc.array(part, { minLength: 1, maxLength: 7 }).map((parts) => parts.join(''));
/** A number that is written right in one of the forms, and read by each of them. */
const proper = fc
  .record({
    sign: fc.constantFrom('', '-', '+'),
    head: fc.stringMatching(/^[1-9][0-9]{0,2}$/),
    groups: fc.array(fc.stringMatching(/^[0-9]{3}$/), { maxLength: 3 }),
    fraction: fc.option(fc.stringMatching(/^[0-9]{0,7}$/)),
    form: fc.constantFrom(...FORMS),
  })
  .map(
    ({ sign, head, groups, fraction, form }) =>
      `${sign}${[head, ...groups].join(form.thousands)}${fraction === null ? '' : form.decimal + fraction}`,
  );

test('a reader of its own accepts the same texts and finds the same values', async () => {
  await inDuckDb((db) =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...FORMS),
        fc.array(fc.oneof(noise, proper), { minLength: 40, maxLength: 60 }),
        async (form, texts) => {
          const [decimals, integers, doubles] = [
            await readAll(db, 'logicalType: number, physicalType: "DECIMAL(18,4)"', form, texts),
            await readAll(db, 'logicalType: integer', form, texts),
            await readAll(db, 'logicalType: number', form, texts),
          ];
          for (const [i, text] of texts.entries()) {
            const read = readDigits(text, form.decimal, form.thousands);
            const sign = read?.negative ? -1n : 1n;
            // Exponents of more than a thousand have a limit of their own.
            if (read !== undefined && Math.abs(read.places) > 900) continue;
            const units = read && scaled(read.digits, read.places, 4);
            const fits = units !== undefined && units < 10n ** 18n;
            const [a, b, c] = [decimals[i] ?? null, integers[i] ?? null, doubles[i] ?? null];
            expect([text, a && BigInt(a.replace('.', ''))]).toEqual([text, fits ? sign * units : null]);
            const whole = read?.isPlain && read.digits % 10n ** BigInt(read.places) === 0n;
            const number = whole ? (sign * read.digits) / 10n ** BigInt(read.places) : undefined;
            const inRange = number !== undefined && BigInt.asIntN(64, number) === number;
            expect([text, b && BigInt(b)]).toEqual([text, inRange ? number : null]);
            const double = read && Number(`${sign * read.digits}e${-read.places}`);
            expect([text, c && Number(c) + 0]).toEqual([
              text,
              double !== undefined && Number.isFinite(double) ? double + 0 : null,
            ]);
          }
        },
      ),
      { numRuns: 15 },
    ),
  );
}, 60_000);

test.each([
  [
    'name: a, logicalType: number',
    '1.234,56',
    'number (DOUBLE); if it has a decimal comma or groups of thousands, set decimalSeparator',
  ],
  [
    'name: a, logicalType: integer',
    "12'345",
    'integer (BIGINT); if it has a decimal comma or groups of thousands, set decimalSeparator',
  ],
  ['name: a, logicalType: number', 'abc', 'number (DOUBLE)'],
  ['name: a, logicalType: integer', '12.5', 'integer (BIGINT)'],
  [
    'name: a, logicalType: timestamp',
    '1700000000123',
    'if it counts from 1970, set epochUnit in the contract',
  ],
  ['name: a, logicalType: timestamp', '20240105', 'timestamp (TIMESTAMP), no finer than microseconds'],
])('{ %s } rejects %s with advice', async (column, text, expected) => {
  const found = await inDuckDb(async (db) => {
    const { rejected = '' } = await stage(['name: id, logicalType: integer', column], `id|a\n1|${text}\n`);
    return await db.one<{ expected: string }>(`SELECT reasons[1].expected AS expected FROM '${rejected}'`);
  });
  expect(found.expected).toContain(expected);
  expect(found.expected.includes('; if')).toBe(expected.includes('set'));
});
