import fc from 'fast-check';
import type { Contract } from '../../shared/contract/model.ts';
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';
import { attachLake } from '../../shared/query/attach.ts';
import { recording } from '../helpers/recording-store.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractOf, rowsSql, SilverLake, testDb } from '../helpers/silver-lake.ts';
import { casesOf } from '../helpers/stress.ts';

/** Runs per partitioning. For a longer search: `PLAN_RUNS=2000 npx jest plan-files`. */
const RUNS = Number(process.env.PLAN_RUNS ?? casesOf({ quick: 2, stress: 12 }));

const TYPES = {
  i: 'logicalType: integer, logicalTypeOptions: { format: i16 }',
  l: 'logicalType: integer',
  f: 'logicalType: number, logicalTypeOptions: { format: f32 }',
  d: 'logicalType: number',
  m: 'logicalType: number, physicalType: "DECIMAL(9,2)"',
  s: 'logicalType: string',
  b: 'logicalType: boolean',
  t: 'logicalType: date',
  z: 'logicalType: timestamp',
  w: 'logicalType: timestamp, logicalTypeOptions: { timezone: true }',
};
type Name = keyof typeof TYPES;
const NAMES = Object.keys(TYPES) as Name[];

/** Values at which a comparison is likely to go wrong, as SQL. */
const VALUES: Record<Name, string[]> = {
  i: ['-32768', '-7', '0', '1', '2', '32767'],
  l: ['-9223372036854775807', '-1', '0', '10', '9007199254740993', '9223372036854775807'],
  f: ["'nan'", "'-inf'", '-1.5', '-0.0', '0.1', '1', '16777217', "'inf'"],
  d: ["'nan'", "'-inf'", '-1.5', '0.0', '0.1', '1', '9007199254740993', "'inf'"],
  m: ['-9999999.99', '-0.01', '0', '1.5', '2.25', '9999999.99'],
  s: [
    "''",
    "'a'",
    "'ab'",
    "'a much longer text than bounds keep'",
    "'b'",
    "'z'",
    "'é'",
    "'👍👍'",
    "'10'",
    "'9'",
  ],
  b: ['true', 'false'],
  t: ["'0044-03-15 (BC)'", "'1969-12-31'", "'2024-01-31'", "'2024-02-01'", "'12024-01-01'", "'infinity'"],
  z: ["'1969-12-31 23:59:59.999999'", "'2024-01-31 12:00:00'", "'2024-02-01'", "'-infinity'"],
  w: ["'1969-12-31 23:59:59+00'", "'2024-01-31 23:30:00-01'", "'2024-02-01 00:00:00+00'"],
};

/** The constants of conditions: the values themselves, and constants of other types. */
const CONSTANTS = [
  ...new Set([
    ...Object.values(VALUES).flat(),
    '1.50',
    '2.255',
    "date '2024-01-31'",
    "timestamp '2024-01-31 12:00:00'",
  ]),
  "timestamptz '2024-02-01 00:30:00+01'",
  'null',
  '1e3',
];

const record = fc.tuple(
  ...NAMES.map((name) => fc.option(fc.constantFrom(...VALUES[name]), { nil: 'NULL', freq: 6 })),
);

const uploads = fc.array(fc.array(record, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 });

const condition = fc.constantFrom(...NAMES).chain((name) => {
  const constant = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...VALUES[name]) },
    { weight: 1, arbitrary: fc.constantFrom(...CONSTANTS) },
  );
  const compared = fc
    .tuple(fc.constantFrom('=', '<', '<=', '>', '>=', '<>'), constant, fc.boolean())
    .map(([op, value, turned]) => (turned ? `${value} ${op} ${name}` : `t.${name} ${op} ${value}`));
  return fc.oneof(
    { weight: 5, arbitrary: compared },
    { weight: 1, arbitrary: fc.tuple(constant, constant).map(([a, b]) => `${name} BETWEEN ${a} AND ${b}`) },
    {
      weight: 1,
      arbitrary: fc
        .array(constant, { minLength: 1, maxLength: 3 })
        .map((all) => `${name} IN (${all.join(', ')})`),
    },
    { weight: 1, arbitrary: fc.constantFrom(`${name} IS NULL`, `${name} IS NOT NULL`) },
  );
});

const where = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(condition, { minLength: 1, maxLength: 3 }).map((all) => all.join(' AND ')),
  },
  { weight: 1, arbitrary: fc.tuple(condition, condition).map(([a, b]) => `(${a} OR ${b})`) },
);

/** Two files that differ in every column, and a query to which only one of them has rows. */
const TWO_FILES_TO_CHOOSE_FROM: [string[][][], string[]] = [
  [[NAMES.map((name) => VALUES[name][0] as string)], [NAMES.map((name) => VALUES[name][1] as string)]],
  ["s = 'a'"],
];

const contractSplitBy = (split: Readonly<Partial<Record<Name, string>>>): Promise<Contract> =>
  contractOf(
    NAMES.map((name) => {
      const by = split[name];
      const partition =
        by === undefined
          ? ''
          : `, partitioned: true, customProperties: [{ property: partitionTransform, value: "${by}" }]`;
      return `{ name: ${name}, ${TYPES[name]}${partition} }`;
    }),
  );

const DUCKDB_TYPES: Record<Name, string> = {
  i: 'SMALLINT',
  l: 'BIGINT',
  f: 'FLOAT',
  d: 'DOUBLE',
  m: 'DECIMAL(9,2)',
  s: 'VARCHAR',
  b: 'BOOLEAN',
  t: 'DATE',
  z: 'TIMESTAMP',
  w: 'TIMESTAMPTZ',
};

const typedRow = (row: readonly string[]): string =>
  `(${row.map((value, i) => `CAST(${value} AS ${DUCKDB_TYPES[NAMES[i] as Name]})`).join(', ')})`;

interface Answer {
  rows: unknown[];
  error: string | undefined;
  files: number;
}

const answer = async (silver: SilverLake, sql: string, pruned: boolean): Promise<Answer> => {
  let files = 0;
  const store = recording(silver.store, ({ method, key }) => {
    if (method === 'localPath' && key.startsWith('t/data/')) files += 1;
  });
  const empty = new FolderStore(scratch());
  const lake = { raw: empty, silver: store, gold: empty, quarantine: empty };
  return await testDb(async (db, folder) => {
    await attachLake(db, lake, [silver.contract], [], folder, pruned ? { sql } : {});
    try {
      return { rows: await db.all(sql), error: undefined, files };
    } catch (error) {
      return { rows: [], error: String(error), files };
    }
  });
};

test.each<[string, Partial<Record<Name, string>>]>([
  ['not split', {}],
  ['split by values', { s: 'identity', i: 'identity' }],
  ['split by a decimal', { m: 'identity', b: 'identity' }],
  ['split by days and months', { t: 'month', z: 'day' }],
  ['split by years and days', { t: 'day', w: 'year' }],
  ['split by buckets', { l: 'bucket[3]', s: 'bucket[2]' }],
  ['split by beginnings', { s: 'truncate[1]', l: 'truncate[10]', m: 'truncate[100]' }],
])('a query gives the same rows when files are skipped: %s', async (_, split) => {
  const contract = await contractSplitBy(split);
  let spared = 0;
  await fc.assert(
    fc.asyncProperty(uploads, fc.array(where, { minLength: 1, maxLength: 4 }), async (all, conditions) => {
      const silver = new SilverLake(contract);
      for (const [i, rows] of all.entries())
        await silver.upload(`f${i}`, i + 1, rowsSql(NAMES.join(', '), ...rows.map(typedRow)));
      for (const each of conditions) {
        const sql = `SELECT _source_id, _row FROM silver.t WHERE ${each} ORDER BY ALL`;
        const [whole, pruned] = [await answer(silver, sql, false), await answer(silver, sql, true)];
        spared += whole.files - pruned.files;
        expect(pruned.files).toBeLessThanOrEqual(whole.files);
        // A query that reads fewer values may miss those that raise an error.
        if (whole.error === undefined)
          expect({ where: each, rows: pruned.rows, error: pruned.error }).toEqual({
            where: each,
            rows: whole.rows,
            error: undefined,
          });
      }
    }),
    { numRuns: RUNS, examples: [TWO_FILES_TO_CHOOSE_FROM] },
  );
  // Most random cases skip files too, but only the example is certain to.
  expect(spared).toBeGreaterThan(0);
});
