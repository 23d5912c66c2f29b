/** The datasets of the benchmark: the generation of their rows, and their gold tables. */

export const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

export const GENERATED = ['narrow', 'wide'] as const;
export type Generated = (typeof GENERATED)[number];
export const DATASETS = [...GENERATED, 'flights'] as const;
export type Dataset = (typeof DATASETS)[number];

/** Share of dirty rows, in ten thousandths. */
const DIRTY = 100;

/** A gold model for contenders without DuckDB's SQL; `bench/sql/<dataset>/gold` has the same in SQL. */
export interface GoldSpec {
  name: string;
  groupBy: string[];
  aggregates: { as: string; of: 'count' | 'sum' | 'min' | 'max'; column?: string }[];
}

const count = { as: 'rows', of: 'count' } as const;

export const GOLD: Readonly<Record<Dataset, GoldSpec>> = {
  narrow: {
    name: 'narrow_by_day',
    groupBy: ['year', 'day'],
    aggregates: [
      count,
      { as: 'total', of: 'sum', column: 'amount' },
      { as: 'largest', of: 'max', column: 'amount' },
    ],
  },
  wide: {
    name: 'wide_by_country',
    groupBy: ['year', 'country', 'status'],
    aggregates: [
      count,
      { as: 'total', of: 'sum', column: 'amount_1' },
      { as: 'counted', of: 'sum', column: 'count_1' },
      { as: 'lowest', of: 'min', column: 'measure_1' },
      { as: 'last_seen', of: 'max', column: 'seen_at_1' },
    ],
  },
  flights: {
    name: 'flights_by_route',
    groupBy: ['year', 'month', 'origin', 'destination'],
    aggregates: [
      count,
      { as: 'minutes_late', of: 'sum', column: 'delay' },
      { as: 'worst_delay', of: 'max', column: 'delay' },
    ],
  },
};

/** The source column that identifies a rejected record in comparisons; all engines must write its values alike. */
export const REJECT_KEY: Readonly<Record<Dataset, string>> = { narrow: 'id', wide: 'id', flights: 'delay' };

/**
 * Macros for generated values. `mix(i, salt)` is a pseudo-random number below 2^32: the finalizer of MurmurHash3
 * (`fmix32`, public domain) over row and salt. Values depend only on the seed.
 */
const macros = (seed: number): string => `
  CREATE OR REPLACE MACRO scramble(h, shift, factor) AS
    (xor(h, h >> shift) * factor::UBIGINT) % 4294967296::UBIGINT;
  CREATE OR REPLACE MACRO mix(i, salt) AS
    scramble(scramble(((i + ${seed} * 7919 + salt * 104729)::UBIGINT * 2654435761::UBIGINT) % 4294967296::UBIGINT,
      16, 2246822507), 13, 3266489909)::BIGINT;
  CREATE OR REPLACE MACRO pick(i, salt, names) AS names[1 + mix(i, salt) % len(names)];
  CREATE OR REPLACE MACRO person(i, salt) AS
    pick(i, salt, ['Ada','Ben','Chloé','Dana','Emil','Fatma','Grace','Hugo','Ines','Jürgen','Kofi','Lena'])
    || CASE WHEN mix(i, salt + 1) % 50 = 0 THEN ', ' ELSE ' ' END
    || pick(i, salt + 2, ['Abel','Brown','Costa','Diaz','Evans','Fischer','Garcia','Haddad','Ito','Jones']);
  CREATE OR REPLACE MACRO address(i, salt) AS
    'user' || mix(i, salt) % 100000000 || '@' || pick(i, salt + 1, ['example.com','mail.example.org','shop.example.net']);
  CREATE OR REPLACE MACRO some_day(i, salt) AS DATE '2020-01-01' + (mix(i, salt) % 1826)::INTEGER;
  CREATE OR REPLACE MACRO some_moment(i, salt) AS
    CAST(some_day(i, salt) AS TIMESTAMP) + to_seconds((mix(i, salt + 1) % 86400)::BIGINT);
  CREATE OR REPLACE MACRO cents(i, salt) AS CAST((mix(i, salt) % 1000001)::BIGINT AS DECIMAL(18,2)) / 100;
  CREATE OR REPLACE MACRO maybe(i, salt, v) AS CASE WHEN mix(i, salt + 500) % 10 > 0 THEN v END;
  CREATE OR REPLACE MACRO hex(i, salt, digits) AS left(printf('%08x', mix(i, salt)), digits);`;

/**
 * SQL of the fault of row i: 0 none, 1 a date that does not exist, 2 a missing required value, 3 an invalid e-mail
 * address, 4 a value out of range, 5 the key of an earlier row, which it replaces.
 */
const fault = (dirty: boolean): string =>
  dirty ? `CASE WHEN mix(i, 901) % 10000 < ${DIRTY} THEN 1 + mix(i, 902) % 5 ELSE 0 END` : '0';

const ID = 'CASE WHEN fault = 5 AND i > 1 THEN i - 1 - mix(i, 903) % least(i - 1, 1000) ELSE i END';

type Value = readonly [column: string, sql: string];

/** Parquet cannot hold a date that does not exist: there the date is missing instead. */
const day = (name: string, sql: string, format: Format): Value =>
  format === 'parquet'
    ? [name, `CASE WHEN fault <> 1 THEN ${sql} END`]
    : [name, `CASE WHEN fault = 1 THEN '2024-02-30' ELSE CAST(${sql} AS VARCHAR) END`];

const person = (name: string, salt: number): Value => [
  name,
  `CASE WHEN fault <> 2 THEN person(i, ${salt}) END`,
];
const email = (name: string, salt: number): Value => [
  name,
  `CASE WHEN fault = 3 THEN 'no-address-' || i ELSE address(i, ${salt}) END`,
];
const amount = (name: string, salt: number): Value => [
  name,
  `CAST(CASE WHEN fault = 4 THEN -5 ELSE cents(i, ${salt}) END AS DECIMAL(18,2))`,
];

const times = (n: number, of: (i: number) => Value): Value[] =>
  Array.from({ length: n }, (_, i) => of(i + 1));

const VALUES: Readonly<Record<Generated, (format: Format) => Value[]>> = {
  narrow: (format) => [
    ['id', `CAST(${ID} AS BIGINT)`],
    person('name', 10),
    email('email', 20),
    amount('amount', 30),
    day('day', 'some_day(i, 40)', format),
  ],
  wide: (format) => [
    ['id', `CAST(${ID} AS BIGINT)`],
    [
      'uuid',
      `hex(i, 1, 8) || '-' || hex(i, 2, 4) || '-4' || hex(i, 3, 3) || '-a' || hex(i, 4, 3) || '-' || hex(i, 5, 8) || hex(i, 6, 4)`,
    ],
    email('email', 20),
    person('name', 10),
    [
      'country',
      `pick(i, 50, ['DE','FR','ES','IT','PT','NL','BE','AT','CH','PL','SE','NO','DK','FI','GR','IE'])`,
    ],
    ['status', `pick(i, 51, ['active','active','active','pending','cancelled','closed'])`],
    ['sku', `maybe(i, 52, pick(i, 53, ['ABC','KLM','XYZ']) || printf('-%05d', mix(i, 54) % 100000))`],
    ['note', `maybe(i, 55, 'left at "' || pick(i, 56, ['door','desk','gate']) || '", twice')`],
    ...times(8, (n): Value => {
      const value = `CAST(mix(i, ${60 + n}) % 1000001 AS BIGINT)`;
      return [`count_${n}`, n <= 2 ? value : `maybe(i, ${60 + n}, ${value})`];
    }),
    ...times(8, (n): Value => {
      const value = `CAST(mix(i, ${70 + n}) % 2000001 AS DOUBLE) / 1000 - 1000`;
      return [`measure_${n}`, n <= 2 ? value : `maybe(i, ${70 + n}, ${value})`];
    }).map(([name, sql]): Value => [name, `round(${sql}, 3)`]),
    amount('amount_1', 30),
    ...times(3, (n): Value => {
      const value = `CAST(cents(i, ${30 + n}) AS DECIMAL(18,2))`;
      return [`amount_${n + 1}`, `maybe(i, ${30 + n}, ${value})`];
    }),
    day('created_on', 'some_day(i, 40)', format),
    ...['due_on', 'paid_on', 'closed_on'].map(
      (name, n): Value => [name, `maybe(i, ${41 + n}, some_day(i, ${41 + n}))`],
    ),
    ...times(4, (n): Value => {
      const value = `some_moment(i, ${80 + 2 * n})`;
      return [`seen_at_${n}`, n === 1 ? value : `maybe(i, ${80 + n}, ${value})`];
    }),
    ...times(4, (n): Value => [`flag_${n}`, `maybe(i, ${95 + n}, mix(i, ${95 + n}) % 2 = 0)`]),
  ],
};

/** `before`: SQL statements to run first. `query`: a SELECT of the rows, in order. */
export const rowsSql = (
  dataset: Generated,
  options: { format: Format; dirty: boolean; rows: number; seed: number },
): { before: string; query: string } => {
  const values = VALUES[dataset](options.format).map(([name, sql]) => `${sql} AS ${name}`);
  return {
    before: macros(options.seed),
    query: `SELECT ${values.join(',\n  ')}
      FROM (SELECT range AS i, ${fault(options.dirty)} AS fault FROM range(1, ${options.rows + 1}))`,
  };
};
