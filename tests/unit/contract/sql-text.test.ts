import {
  bareSql,
  notOneSelect,
  silverTablesIn,
  withoutSemicolon,
} from '../../../shared/contract/sql-text.ts';

test('comments and strings are blanked out, quoted identifiers are kept', () => {
  const sql = `select 'a -- b', "c -- d", $$e ; f$$, E'g\\' ; h' -- i\n/* j */ from k`;
  expect(bareSql(sql).replace(/\s+/g, ' ')).toBe('select , "c -- d", , from k');
});

test('tables are found in all spellings, each once', () => {
  const sql = `
    with a as (select * from silver.weather), b as (select * from SILVER . Signups)
    select 'silver.in_a_string' -- silver.in_a_comment
    from "silver"."Odd ""name""" join silver.weather using (x) join other.silver.nested using (y)`;
  expect(silverTablesIn(sql)).toEqual(['weather', 'signups', 'Odd "name"']);
});

test.each([
  ['select 1', undefined],
  ['-- why\nwith a as (select 1) select * from a;', undefined],
  [`select ';' as ";"`, undefined],
  ['', 'a SELECT (there is no statement)'],
  ['-- select 1', 'a SELECT (there is no statement)'],
  ['copy t to x', 'a statement that begins with SELECT or WITH'],
  ['select 1; drop table t', 'one statement (there are several)'],
])('%j is one select: %s', (sql, wrong) => {
  expect(notOneSelect(sql)).toBe(wrong);
});

test.each([
  ['select 1;', 'select 1'],
  ['select 1 ; -- done;', 'select 1  -- done;'],
  [`select ';'`, `select ';'`],
])('the final semicolon is removed from %j', (sql, without) => {
  expect(withoutSemicolon(sql)).toBe(without);
});
