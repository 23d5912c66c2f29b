import { ident, identList } from './sql.ts';
import { type Db, DUCKDB_SHARE } from './with-duckdb.ts';

/**
 * How equal values are found. `bitmap`: one bit for each possible value. `groups`: one hash table of all values.
 * `8 buckets`: eight hash tables one after the other, each for one eighth of the hashes. All strategies are exact.
 */
export type Strategy = 'bitmap' | 'groups' | `${number} buckets`;

/** One pass over a relation: it handles the rows whose keys hash into it. A single pass handles all rows. */
export interface Pass {
  /** SQL condition on the rows. */
  where: string;
}

export interface Grouping {
  strategy: Exclude<Strategy, 'bitmap'>;
  passes: Pass[];
}

/**
 * Bytes of a group in addition to its key: the hash, the state of a count or a maximum, and the table's pointers to it.
 * Measured with DuckDB 1.5 as the peak of 10 million groups in one table: 46 bytes each for BIGINT keys, 70 to 80 for
 * texts of 17 bytes.
 */
const GROUP_BYTES = 40;

/** The share of DuckDB's memory that one table of groups may use: each thread fills its own table before they merge. */
const TABLE_SHARE = 0.5;

/** More passes than this would read the keys more often than spilling writes them. Beyond it DuckDB spills. */
const MAX_PASSES = 64;

/**
 * Chooses how many hash tables, one after the other, the groups of a relation need.
 *
 * @param groups number of groups, or of rows if that is not known
 * @param bytesPerKey bytes of a group's key, plus those kept per group besides a number
 * @param memoryMb memory of the function
 */
export const chooseStrategy = (
  groups: number,
  bytesPerKey: number,
  memoryMb: number,
): { strategy: Grouping['strategy']; passes: number } => {
  const bytes = groups * (GROUP_BYTES + bytesPerKey);
  const maxBytes = memoryMb * 2 ** 20 * DUCKDB_SHARE * TABLE_SHARE;
  const passes = Math.min(MAX_PASSES, Math.max(1, Math.ceil(bytes / maxBytes)));
  return { strategy: passes === 1 ? 'groups' : `${passes} buckets`, passes };
};

/** Most bytes of a value in the row of its group: a text's length and pointer. The text itself is counted separately. */
const VALUE_BYTES = 16;

/** SQL functions that give a value's bytes outside of the row, by type. */
const LENGTH: Readonly<Record<string, string>> = { VARCHAR: 'strlen', JSON: 'strlen', BLOB: 'octet_length' };

/** Memory kept for each group besides a number. */
export interface Kept {
  bytes: number;
  /** Columns of which values are kept, `copies` of each. Texts take their length. */
  columns: readonly string[];
  copies: number;
}

/**
 * Plans a grouping by columns of a relation.
 *
 * If the rows might not fit into one table, the number of distinct values is estimated, so that a file of few repeated
 * keys is grouped in one pass. The estimate affects the number of passes only, never the result.
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
 * The rows of each pass over a relation. The hash has an extra argument, because DuckDB's hash tables choose slots by
 * the bits of the plain hash: if those also chose the pass, most slots would stay empty.
 */
export const passesOf = (columns: readonly string[], passes: number): Pass[] =>
  Array.from({ length: passes }, (_, pass) => ({
    where: passes === 1 ? 'true' : `hash(${identList(columns)}, 0) % ${passes} = ${pass}`,
  }));
