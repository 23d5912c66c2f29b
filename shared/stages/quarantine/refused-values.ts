import { literal } from '../../engine/sql.ts';
import { planGrouping } from '../../engine/strategy.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import type { RefusedValue, RejectedColumn } from './report.ts';

/** Values that a report names for each column and rule. */
export const MAX_VALUES = 10;

/** Characters of a value that a report shows. */
export const MAX_SHOWN = 100;

/** Refusals of one rule in one column, within one pass. `top` is ordered: the most frequent first, then by the value. */
interface Counted {
  column: string | null;
  rule: string;
  rows: number;
  distinct: number;
  top: { less: number; value: string }[];
}

/**
 * How many records each column's rules rejected, the largest number first, and the values that they refused most often. All
 * counts are exact. The values are grouped in as many passes as the memory requires: each value belongs to one pass.
 *
 * @param records local Parquet of the rejected records; undefined when there are none
 * @param isMasked whether only counts and lengths of a column's values may be shown
 */
export const countReasons = async (
  db: Db,
  records: string | undefined,
  isMasked: (column: string) => boolean,
): Promise<RejectedColumn[]> => {
  if (records === undefined) return [];
  await db.run(`CREATE OR REPLACE TEMP VIEW _refused AS
    SELECT reason.column AS "column", reason.rule AS rule, reason.value AS value
    FROM (SELECT unnest(reasons) AS reason FROM read_parquet(${literal(records)}))`);
  const { passes } = await planGrouping(db, '_refused', ['column', 'rule', 'value']);
  const sums = new Map<string, Counted>();
  for (const { where } of passes)
    for (const counted of await countIn(db, where)) {
      const key = JSON.stringify([counted.column, counted.rule]);
      const known = sums.get(key);
      sums.set(key, known === undefined ? counted : merge(known, counted));
    }
  return [...sums.values()].toSorted(byRows).map((counted) => {
    const masked = counted.column !== null && isMasked(counted.column);
    const { column, rule, rows, distinct, top } = counted;
    if (distinct === 0) return { column, rule, rows };
    const values = top.map(({ less, value }) => ({
      ...(masked ? hidden(value) : shown(value)),
      rows: -less,
    }));
    return { column, rule, rows, ...(masked && { masked }), distinct, values };
  });
};

const countIn = (db: Db, where: string): Promise<Counted[]> =>
  db.all<Counted>(`
    SELECT "column", rule, CAST(sum(rows) AS BIGINT) AS rows, count(value) AS "distinct",
      coalesce(min({'less': -rows, 'value': value}, ${MAX_VALUES}) FILTER (value IS NOT NULL), []) AS top
    FROM (SELECT "column", rule, value, count(*) AS rows FROM _refused WHERE ${where} GROUP BY ALL)
    GROUP BY ALL`);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const merge = (one: Counted, other: Counted): Counted => ({
  ...one,
  rows: one.rows + other.rows,
  distinct: one.distinct + other.distinct,
  top: [...one.top, ...other.top]
    .toSorted((a, b) => a.less - b.less || compare(a.value, b.value))
    .slice(0, MAX_VALUES),
});

/** A rule about the record as a whole comes after those about columns. */
const byRows = (a: Counted, b: Counted): number =>
  b.rows - a.rows ||
  Number(a.column === null) - Number(b.column === null) ||
  compare(a.column ?? '', b.column ?? '') ||
  compare(a.rule, b.rule);

const shown = (value: string): Pick<RefusedValue, 'value'> => {
  const characters = Array.from(value);
  return {
    value: characters.length > MAX_SHOWN ? `${characters.slice(0, MAX_SHOWN).join('')}…` : value,
  };
};

const hidden = (value: string): Pick<RefusedValue, 'length'> => ({ length: Array.from(value).length });
