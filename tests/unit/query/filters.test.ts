import { filtersOf } from '../../../shared/query/filters.ts';
import { testDb } from '../../helpers/silver-lake.ts';

/** Filters as text: `silver.t: day >= '2024-01-01'`. */
const found = async (sql: string): Promise<string[]> => {
  const filters = await testDb((db) => filtersOf(db, sql));
  return [...filters].flatMap(([table, own]) =>
    own.map(
      ({ column, op, values }) => `${table}: ${column} ${op} ${values.map(({ sql }) => sql).join(' or ')}`,
    ),
  );
};

test.each([
  ["from silver.t where day >= '2024-01-01'", ["silver.t: day >= '2024-01-01'"]],
  ['select count(*) from silver.t where -5 < n and n <= 1.50;', ['silver.t: n > -5', 'silver.t: n <= 1.50']],
  ["select * from Silver.T as s where s.x = 'it''s' -- so", ["silver.t: x = 'it''s'"]],
  ['from silver.t where t.n in (1, -0.25)', ['silver.t: n = 1 or -0.25']],
  [
    "from silver.t where day between date '2024-01-01' and timestamp '2024-01-02 03:00'",
    ["silver.t: day >= CAST('2024-01-01' AS date)", "silver.t: day <= CAST('2024-01-02 03:00' AS timestamp)"],
  ],
  ['from silver.t where flag = true and (a = 1 or b = 2)', ["silver.t: flag = CAST('t' AS boolean)"]],
  ['with c as (from gold.m where k = 1) select * from c, silver.t where c.k = t.k', ['gold.m: k = 1']],
  [
    'select (select max(n) from silver.t where n < 3) from gold.m where k = 1',
    ['silver.t: n < 3', 'gold.m: k = 1'],
  ],
  ['from silver.t where n = 1 union all from gold.m where n = 2', ['silver.t: n = 1', 'gold.m: n = 2']],
])('%s', async (sql, expected) => {
  expect((await found(sql)).toSorted()).toEqual(expected.toSorted());
});

test.each([
  ['the table is named twice', 'from silver.t where n = 1 union all from silver.t'],
  ['the table is joined', 'from silver.t join gold.m using (id) where n = 1'],
  ['one of two may be true', 'from silver.t where n = 1 or n = 2'],
  ['it is the negation', 'from silver.t where not n = 1'],
  ['the condition is on groups', 'select n from silver.t group by n having n = 1'],
  ['the value is computed', 'from silver.t where n = 1 + 1'],
  ['the column is computed', 'from silver.t where abs(n) = 1'],
  ['the cast may give NULL', "from silver.t where day = try_cast('x' as date)"],
  ['the value is NULL', 'from silver.t where n = null'],
  ['one value of the list is NULL', 'from silver.t where n in (1, null)'],
  ['NULL counts as a value', 'from silver.t where n is distinct from 1'],
  ['JavaScript does not hold the number', 'from silver.t where n = 9007199254740993'],
  ['the table’s columns have other names', 'from silver.t as s(a, n) where n = 1'],
  ['a sample is taken before the condition', 'from silver.t tablesample 10% where n = 1'],
  ['a sample is taken after the condition', 'from silver.t where n = 1 using sample 10%'],
  ['a table function may read anything', "from silver.t, query('from silver.t') where n = 1"],
  ['another table is meant', 'from silver.t where m.n = 1'],
  ['the operand is a member of a struct', 'from silver.t where silver.t.n = 1'],
  ['an outer query’s condition is not the inner one’s', 'select * from (from silver.t) where n = 1'],
  ['it is no SELECT', 'summarize silver.t'],
  ['it is not SQL', 'from from where'],
])('no filter is found where %s', async (_, sql) => {
  expect(await found(sql)).toEqual([]);
});
