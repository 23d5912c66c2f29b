import { literal } from '../../engine/sql.ts';
import type { Queryable } from '../records/opened-records.ts';

/** A column of the file. */
export interface ParquetColumn {
  name: string;
  /** The types of its values, in order: of the column itself, or of everything within it that holds no other. */
  leaves: string[];
  nested: boolean;
}

/** Logical types as DuckDB prints them; INT96, which has none, by its name. */
export const isTimeOfNanos = (type: string): boolean => /^TimeType\(.*NANOS=(?!<null>)/.test(type);

export const isUtcOfNanos = (type: string): boolean => /^TimestampType\(.*UTC=1.*NANOS=(?!<null>)/.test(type);

export const isInt96 = (type: string): boolean => type === 'INT96';

/** The schema is a tree written in depth-first order: the columns are the children of its root. */
export const columnsOf = async (db: Queryable, path: string): Promise<ParquetColumn[]> => {
  const nodes = await db.all<{
    name: string;
    children: unknown;
    logical: string | null;
    type: string | null;
  }>(
    `SELECT name, num_children AS children, logical_type AS logical, "type" FROM parquet_schema(${literal(path)})`,
  );
  const columns: ParquetColumn[] = [];
  let depth = 0;
  const open: number[] = [];
  for (const { name, children, logical, type } of nodes) {
    const count = Number(children ?? 0);
    if (depth === 1) columns.push({ name: name.trim(), leaves: [], nested: count > 0 });
    if (depth > 0 && count === 0) columns.at(-1)?.leaves.push(logical ?? (type === 'INT96' ? type : ''));
    open.push(count);
    depth++;
    while (depth > 0 && open[depth - 1] === 0) {
      open.pop();
      depth--;
      if (depth > 0) open[depth - 1] = (open[depth - 1] ?? 0) - 1;
    }
  }
  return columns;
};

/** How deep the values of each column of values are nested, in the order of the schema. */
export const levelsOf = async (
  db: Queryable,
  path: string,
): Promise<{ repetition: number; definition: number }[]> => {
  const nodes = await db.all<{ children: unknown; kind: string | null }>(
    `SELECT num_children AS children, repetition_type AS kind FROM parquet_schema(${literal(path)})`,
  );
  const levels: { repetition: number; definition: number }[] = [];
  const read = (at: number, around: { repetition: number; definition: number }): number => {
    const { children, kind } = nodes[at] ?? { children: 0, kind: null };
    const own = {
      repetition: around.repetition + (at > 0 && kind === 'REPEATED' ? 1 : 0),
      definition: around.definition + (at > 0 && kind !== 'REQUIRED' ? 1 : 0),
    };
    const count = Number(children ?? 0);
    if (count === 0 && at > 0) levels.push(own);
    let next = at + 1;
    for (let child = 0; child < count && next < nodes.length; child++) next = read(next, own);
    return next;
  };
  read(0, { repetition: 0, definition: 0 });
  return levels;
};
