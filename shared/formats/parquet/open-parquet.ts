import { literal } from '../../engine/sql.ts';
import { EmptyFile } from '../../errors.ts';
import type { OpenedSource, Queryable } from '../records/opened-source.ts';
import { asUnreadable } from '../records/unreadable.ts';

/**
 * @throws EmptyFile for a file of no rows
 * @throws UnreadableFile when DuckDB cannot read the footer
 */
export const openParquet = async (
  db: Queryable,
  path: string,
): Promise<Omit<OpenedSource, 'compression' | 'bytes'>> => {
  try {
    const [counted] = await db.all<{ rows: unknown }>(
      `SELECT num_rows AS rows FROM parquet_file_metadata(${literal(path)})`,
    );
    const records = Number(counted?.rows ?? 0);
    if (records === 0) throw new EmptyFile('The Parquet file holds no rows. Check the system that wrote it.');
    const columns = await columnsOf(db, path);
    // Renamed by position: names may hold anything, and may differ by case only.
    const positions = columns.map((_, i) => `c${i}`).join(', ');
    const reading = `read_parquet(${literal(path)}, hive_partitioning = false)`;
    return {
      format: 'parquet',
      shape: 'columns',
      columns,
      relation: `(SELECT * FROM ${reading} AS source(${positions}))`,
      records,
      firstLine: 1,
    };
  } catch (error) {
    throw asUnreadable(error);
  }
};

/** The schema is a tree written in depth-first order: the columns are the children of its root. */
const columnsOf = async (db: Queryable, path: string): Promise<string[]> => {
  const nodes = await db.all<{ name: string; children: unknown }>(
    `SELECT name, num_children AS children FROM parquet_schema(${literal(path)})`,
  );
  const columns: string[] = [];
  let depth = 0;
  const open: number[] = [];
  for (const { name, children } of nodes) {
    if (depth === 1) columns.push(name.trim());
    open.push(Number(children ?? 0));
    depth++;
    while (depth > 0 && open[depth - 1] === 0) {
      open.pop();
      depth--;
      if (depth > 0) open[depth - 1] = (open[depth - 1] ?? 0) - 1;
    }
  }
  return columns;
};
