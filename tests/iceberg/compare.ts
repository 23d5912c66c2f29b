import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { ident, identList, literal } from '../../shared/engine/sql.ts';
import type { Row } from '../../shared/engine/values.ts';
import { type Db, withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { storedType } from '../../shared/lake/iceberg/duckdb-types.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import type { Snapshot } from '../../shared/lake/table/read/snapshot.ts';
import { createTableView } from '../../shared/lake/table/read/table-view.ts';
import { scratch } from '../helpers/scratch.ts';
import type { Question, Read, Reader } from './pyiceberg.ts';

/** Opens a DuckDB with enough memory for three million rows twice. */
export const compareDb = async <T>(work: (db: Db, folder: string) => Promise<T>): Promise<T> => {
  const folder = scratch();
  return await withDuckDb({ memoryMb: 4096, threads: 2, scratch: folder, ordered: false }, (db) =>
    work(db, folder),
  );
};

/**
 * Creates duckstep's view of a snapshot, with the columns that it had then.
 *
 * @returns the view's name
 */
export const viewOf = async (
  db: Db,
  snapshot: Snapshot,
  store: ObjectStore,
  folder: string,
): Promise<string> => {
  const name = { schema: 'snapshots', table: `${snapshot.table} at ${snapshot.id}` };
  const columns = snapshot.schema.fields.map((field) => ({
    name: field.name,
    type: storedType(field.type),
    field,
  }));
  const workbench = { db, store, scratch: path.join(folder, store.name) };
  await createTableView(workbench, name, columns, await snapshot.files());
  return `${ident(name.schema)}.${ident(name.table)}`;
};

export interface Difference {
  /** The number of rows that only duckstep or only the other reader has, and the first of them. */
  missing: number;
  added: number;
  examples: Row[];
}

export const NONE: Difference = { missing: 0, added: 0, examples: [] };

/**
 * The difference between the rows of a query and those of a file, in all values, as by EXCEPT ALL in both directions, but
 * in one pass.
 */
export const difference = async (db: Db, query: string, file: string): Promise<Difference> => {
  const columns = await db.describe(query);
  const cast = columns.map(({ name, type }) => `CAST(${ident(name)} AS ${type}) AS ${ident(name)}`);
  const theirs = `SELECT ${cast.join(', ')}, -1 FROM read_parquet(${literal(file)}, hive_partitioning = false)`;
  await db.run(`CREATE OR REPLACE TEMP TABLE differing AS
    SELECT * EXCLUDE (" side"), sum(" side") AS " more" FROM (SELECT *, 1 AS " side" FROM (${query}) UNION ALL ${theirs})
    GROUP BY ${identList(columns.map(({ name }) => name))} HAVING sum(" side") <> 0`);
  const { missing, added } = await db.one<{ missing: number; added: number }>(
    'SELECT coalesce(sum(" more") FILTER (" more" > 0), 0) AS missing, coalesce(-sum(" more") FILTER (" more" < 0), 0) AS added FROM differing',
  );
  return { missing, added, examples: missing + added === 0 ? [] : await db.all('FROM differing LIMIT 4') };
};

/** Counts of values and sums of a query's rows, as the other reader reports them of its rows. */
const summed = async (db: Db, query: string): Promise<Read> => {
  const columns = await db.describe(query);
  const sums = columns.map(({ name, type }, i) => {
    const column = ident(name);
    const exact = /^(?:U?(?:TINY|SMALL|BIG)INT|U?INTEGER|DECIMAL\(.*\))$/.test(type);
    const sum = exact
      ? `coalesce(CAST(sum(${column}) AS VARCHAR), '0')`
      : /^(?:DOUBLE|FLOAT)$/.test(type)
        ? `CASE WHEN isfinite(coalesce(sum(${column}), 0)) THEN coalesce(sum(${column}), 0) END`
        : 'NULL';
    return `count(${column}) AS n${i}, ${sum} AS s${i}`;
  });
  const found = await db.one<Row>(`SELECT count(*) AS rows, ${sums.join(', ')} FROM (${query})`);
  return {
    rows: Number(found.rows),
    columns: Object.fromEntries(
      columns.map(({ name }, i) => [
        name,
        { count: Number(found[`n${i}`]), sum: (found[`s${i}`] ?? null) as string | number | null },
      ]),
    ),
  };
};

/**
 * Expects that another reader reads the rows of a query, whose columns are the table's: compares row by row in both
 * directions, and compares counts and sums, which each side computes itself.
 */
export const expectAgreement = async <A extends { read?: Read }>(
  db: Db,
  reader: Reader<A>,
  question: Question,
  query: string,
  folder: string,
): Promise<A> => {
  const parquet = path.join(folder, `${randomUUID()}.parquet`);
  const answer = await reader.ask({ ...question, parquet });
  expect(await difference(db, query, parquet)).toEqual(NONE);
  expect(answer.read).toEqual(nearly(await summed(db, query)));
  return answer;
};

/** Sums of floats depend on the order of the rows. */
const nearly = ({ rows, columns }: Read): Read => ({
  rows,
  columns: Object.fromEntries(
    Object.entries(columns).map(([name, { count, sum }]) => [
      name,
      { count, sum: typeof sum === 'number' ? closeTo(sum) : sum },
    ]),
  ),
});

const closeTo = (sum: number): number =>
  expect.closeTo(sum, 9 - Math.max(0, Math.ceil(Math.log10(Math.abs(sum) + 1)))) as number;
