import { literal, pointerTo } from '../../shared/engine/sql.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import type { OpenedSource } from '../../shared/formats/open-source.ts';
import { textOfBytes } from '../../shared/stages/validate/typed-value.ts';
import { columnNames } from './names.ts';
import { type ColumnProfile, profileColumn } from './profile-column.ts';

export interface SourceProfile {
  format: string;
  /** Rows that could be parsed. */
  rows: number;
  /** Records that could not. */
  malformed: number;
  columns: ColumnProfile[];
}

/** Reads every row of a source. Its relation is copied into the table `draft` once, because it is read many times. */
export const profileSource = async (db: Db, source: OpenedSource): Promise<SourceProfile> => {
  const relation = source.shape === 'columns' ? source.relation : objectsIn(source.relation);
  const sourceNames = source.shape === 'columns' ? source.columns : await documentKeys(db, relation);
  const given = source.shape === 'columns' ? await db.describe(`SELECT * FROM ${source.relation}`) : [];
  const expressions = sourceNames.map((name, i) =>
    source.shape === 'columns'
      ? asRead(`c${i}`, given[i]?.type)
      : `json_extract_string(doc, ${literal(pointerTo(name))})`,
  );
  await db.run(
    `CREATE TEMP TABLE draft AS SELECT ${expressions.map((sql, i) => `${sql} AS c${i}`).join(', ')} FROM ${relation}`,
  );
  const { rows } = await db.one<{ rows: number }>('SELECT count(*) AS rows FROM draft');
  const isText = source.shape === 'columns' ? [] : await holdsJsonAsText(db, relation, sourceNames);
  const types = await db.describe('FROM draft');
  const names = columnNames(sourceNames);
  const columns: ColumnProfile[] = [];
  for (const [i, sourceName] of sourceNames.entries())
    columns.push(
      await profileColumn(db, `c${i}`, {
        type: types[i]?.type ?? 'VARCHAR',
        isText: isText[i] ?? false,
        sourceName,
        name: names[i] ?? '',
      }),
    );
  const malformed = (source.malformed?.count ?? 0) + source.records - rows;
  return { format: source.format, rows, malformed, columns };
};

/** The records that are objects: Validate rejects all others, whatever the contract says. */
const objectsIn = (relation: string): string =>
  `(SELECT doc FROM ${relation} WHERE coalesce(TRY(json_type(doc)) = 'OBJECT', false))`;

/** For each key, whether values that look like objects or lists are mostly texts: Validate reads those as text. */
const holdsJsonAsText = async (db: Db, relation: string, keys: readonly string[]): Promise<boolean[]> => {
  if (keys.length === 0) return [];
  const shares = keys.map((key) => {
    const pointer = literal(pointerTo(key));
    return `count_if(json_type(doc, ${pointer}) = 'VARCHAR' AND regexp_matches(json_extract_string(doc, ${pointer}), '^\\s*[{[]')) > count_if(json_type(doc, ${pointer}) IN ('OBJECT', 'ARRAY'))`;
  });
  const { texts } = await db.one<{ texts: boolean[] }>(
    `SELECT [${shares.join(', ')}] AS texts FROM ${relation}`,
  );
  return texts;
};

/** A column of Parquet as Validate reads it: bytes as UTF-8, times in UTC as times. */
const asRead = (column: string, type: string | undefined): string => {
  if (type === 'BLOB') return textOfBytes(column);
  return type === 'TIME WITH TIME ZONE' ? `CAST(${column} AS TIME)` : column;
};

/** The keys of the documents, in their most common order. */
const documentKeys = async (db: Db, relation: string): Promise<string[]> => {
  const keys = await db.all<{ key: string }>(`
    WITH keys AS (SELECT json_keys(doc) AS keys FROM ${relation}),
    positions AS (SELECT unnest(keys) AS key, generate_subscripts(keys, 1) AS position FROM keys)
    SELECT key FROM positions GROUP BY key ORDER BY median(position), key`);
  return keys.map(({ key }) => key);
};
