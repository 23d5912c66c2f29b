import { ident, identList } from './sql.ts';
import { type Db, DUCKDB_SHARE } from './with-duckdb.ts';

/**
 * How values are told apart. `bitmap`: a bit for each possible value; `groups`: one hash table of all values;
 * `8 buckets`: eight hash tables in turn, each of the values of one eighth of all hashes. All are exact.
 */
export type Strategy = 'bitmap' | 'groups' | `${number} buckets`;

/** Rows of one pass over a relation: those whose keys' hashes fall into it. All rows where there is one pass. */
export interface Pass {
  /** SQL of a condition. */
  where: string;
}

export interface Grouping {
  strategy: Exclude<Strategy, 'bitmap'>;
  passes: Pass[];
}

/**
 * Bytes of a group beside its key: the hash, the state of a count or a maximum, and the table's pointers to it.
 * Measured with DuckDB 1.5 as the peak of 10 million groups in one table: 46 bytes each for BIGINT keys, 70 to 80
 * for texts of 17 bytes.
 */
const GROUP_BYTES = 40;

/** The share of DuckDB's memory that a table of groups may take: threads fill tables of their own before they merge. */
const TABLE_SHARE = 0.5;

/** More passes would read the keys more often than spilling writes them; from here on DuckDB spills. */
const MAX_PASSES = 64;

/**
 * How many hash tables in turn the groups of a relation take.
 *
 * @param groups how many there are, or rows where that is not known
 * @param bytesPerKey as `bytesPerKey` measures them, plus what is kept per group beside a number
 * @param memoryMb memory of the function
 */
export const chooseStrategy = (
  groups: number,
  bytesPerKey: number,
  memoryMb: number,
): { strategy: Grouping['strategy']; passes: number } => {
  const bytes = groups * (GROUP_BYTES + bytesPerKey);
  const most = memoryMb * 2 ** 20 * DUCKDB_SHARE * TABLE_SHARE;
  const passes = Math.min(MAX_PASSES, Math.max(1, Math.ceil(bytes / most)));
  return { strategy: passes === 1 ? 'groups' : `${passes} buckets`, passes };
};

/** The most that a value takes in the row of its group: a text's length and pointer. The text itself comes on top. */
const VALUE_BYTES = 16;

/** SQL of a value's bytes outside of the row. */
const LENGTH: Readonly<Record<string, string>> = { VARCHAR: 'strlen', JSON: 'strlen', BLOB: 'octet_length' };

/** What is kept for each group beside a number. */
export interface Kept {
  bytes: number;
  /** Columns of which a value is kept as well, and how many: texts take what they are long. */
  columns: readonly string[];
  copies: number;
}

/**
 * Plans a grouping by columns of a relation.
 *
 * Where the rows might not fit into one table, the distinct values are estimated: that decides on the number of
 * passes and on nothing else. A file of few keys that come again and again is grouped at once.
 */
export const planGrouping = async (
  db: Db,
  view: string,
  columns: readonly string[],
  kept?: Kept,
): Promise<Grouping> => {
  const described = await db.describe(
    `SELECT ${identList([...new Set([...columns, ...(kept?.columns ?? [])])])} FROM ${view}`,
  );
  const copies = (name: string): number =>
    (columns.includes(name) ? 1 : 0) + (kept?.columns.includes(name) ? kept.copies : 0);
  const lengths = described.flatMap(({ name, type }) =>
    LENGTH[type] === undefined ? [] : [`${copies(name)} * coalesce(avg(${LENGTH[type]}(${ident(name)})), 0)`],
  );
  const { rows, bytes } = await db.one<{ rows: number; bytes: number }>(
    `SELECT count(*) AS rows, ${['0', ...lengths].join(' + ')} AS bytes FROM ${view}`,
  );
  const perKey = columns.length * VALUE_BYTES + bytes + (kept?.bytes ?? 0);
  const atMost = chooseStrategy(rows, perKey, db.memoryMb);
  if (atMost.passes === 1) return { strategy: atMost.strategy, passes: [{ where: 'true' }] };
  const { distinct } = await db.one<{ distinct: number }>(
    `SELECT approx_count_distinct(hash(${identList(columns)})) AS "distinct" FROM ${view}`,
  );
  const { strategy, passes } = chooseStrategy(Math.min(rows, distinct), perKey, db.memoryMb);
  return { strategy, passes: passesOf(columns, passes) };
};

/**
 * The rows of each pass over a relation. Not by the hash of the columns alone: the bits that tell passes apart are
 * those that a hash table finds its place by, and would leave most places empty.
 */
export const passesOf = (columns: readonly string[], passes: number): Pass[] =>
  Array.from({ length: passes }, (_, pass) => ({
    where: passes === 1 ? 'true' : `hash(${identList(columns)}, 0) % ${passes} = ${pass}`,
  }));
