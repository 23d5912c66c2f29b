import { nearMiss } from '../base/near-miss.ts';
import { literal } from '../engine/sql.ts';
import { wholePattern } from './key-pattern.ts';
import type { Column, KeyPattern } from './model.ts';
import type { Place } from './problems.ts';
import { bareSql } from './sql-text.ts';

/** The relation of one row that says which file a row is of, for `silver.sql` and `transformLogic`. */
export const SOURCE = 'source';

/** Columns of `source`, beside the groups of `keyPattern`. */
export const SOURCE_COLUMNS = ['key', 'uploaded_at', 'version', 'folders'] as const;

/** The file that `source` describes. */
export interface SourceFile {
  /** Key in raw, which begins with the dataset's folder. */
  key: string;
  /** ISO 8601, UTC. */
  uploaded_at: string;
  version_id?: string | undefined;
}

/** SQL of a struct with the columns of `source`. */
export const sourceStruct = (file: SourceFile, keyPattern: KeyPattern | undefined): string => {
  const members: [name: string, sql: string][] = [
    ['key', literal(file.key)],
    ['uploaded_at', `CAST(${literal(file.uploaded_at.replace(/Z$/, ''))} AS TIMESTAMP)`],
    ['version', `CAST(${file.version_id === undefined ? 'NULL' : literal(file.version_id)} AS VARCHAR)`],
    ['folders', foldersSql(file.key)],
    ...(keyPattern?.groups ?? []).map(({ name, index }): [string, string] => [
      name,
      `regexp_extract(${literal(belowDataset(file.key))}, ${wholePattern(keyPattern as KeyPattern)}, ${index})`,
    ]),
  ];
  return `{${members.map(([name, sql]) => `${literal(name)}: ${sql}`).join(', ')}}`;
};

/** SQL that is true where the key matches the pattern. */
export const keyMatches = (key: string, keyPattern: KeyPattern): string =>
  `regexp_matches(${literal(belowDataset(key))}, ${wholePattern(keyPattern)})`;

/** Whether expressions of the contract read `source`. A column of that name is read instead. */
export const readsSource = (columns: readonly Pick<Column, 'name' | 'derivedFrom'>[]): boolean =>
  columns.some(({ derivedFrom = '' }) => namesIn(derivedFrom).length > 0) &&
  !columns.some(({ name }) => name.toLowerCase() === SOURCE);

/** Reports columns of `source` that an expression names and that are not there. */
export const checkSourceNames = (sql: string, keyPattern: KeyPattern | undefined, place: Place): void => {
  const known = [...SOURCE_COLUMNS, ...(keyPattern?.groups ?? []).map(({ name }) => name)];
  for (const name of new Set(namesIn(sql))) {
    if (known.some((each) => each.toLowerCase() === name.toLowerCase())) continue;
    const meant = nearMiss(name, known);
    place.say(
      `"${SOURCE}.${name}": source has no column "${name}"; ${meant === undefined ? `it has ${known.join(', ')}` : `did you mean "${meant}"?`}`,
    );
  }
};

/** Whether a `silver.sql` reads the relation `source`, and no subquery of its own with that name. */
export const selectsSource = (sql: string): boolean => {
  const bare = bareSql(sql);
  return (
    /(?:\bfrom|\bjoin|,)\s+"?source"?(?![\w."]|\s+as\s*(?:not\s+materialized\s*|materialized\s*)?\()/i.test(
      bare,
    ) &&
    !/\bas\s+"?source"?(?!\w)|(?<![\w."])"?source"?\s+as\s*(?:not\s+materialized\s*|materialized\s*)?\(/i.test(
      bare,
    )
  );
};

/** Names in `source.<name>`. */
const namesIn = (sql: string): string[] =>
  [
    ...bareSql(sql).matchAll(/(?<![\w."])(?:source|"source")\s*\.\s*(?:"((?:[^"]|"")+)"|([A-Za-z_]\w*))/gi),
  ].map((match) => match[1]?.replaceAll('""', '"') ?? match[2] ?? '');

const belowDataset = (key: string): string => key.slice(key.indexOf('/') + 1);

/** Hive's spelling of NULL as a folder. */
const NULL_FOLDER = '__HIVE_DEFAULT_PARTITION__';

/** SQL of a map of the key's folders `name=value`. Of two with one name the last counts, as the key's file lies in it. */
const foldersSql = (key: string): string => {
  const folders = new Map(
    key
      .split('/')
      .slice(0, -1)
      .flatMap((folder): [string, string][] => {
        const [, name, value] = /^([^=]+)=([\s\S]*)$/.exec(folder) ?? [];
        return name === undefined || value === undefined ? [] : [[decoded(name), value]];
      }),
  );
  const [names, values] = [[...folders.keys()], [...folders.values()]];
  const list = (texts: string[]): string => `CAST([${texts.join(', ')}] AS VARCHAR[])`;
  return `MAP(${list(names.map(literal))}, ${list(values.map((value) => (value === NULL_FOLDER ? 'NULL' : literal(decoded(value)))))})`;
};

/** Hive and Spark percent-encode special characters in names of folders. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
