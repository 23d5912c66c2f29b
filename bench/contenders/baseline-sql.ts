import { ident, literal } from '../../shared/engine/sql.ts';
import type { ColumnSpec, Job, Limit, WorkSpec } from '../job.ts';

/** The source's records, under the source's names; as text if the format has no types. */
const sourceSql = ({ input, format, spec }: Job): string => {
  const columns = `{${spec.columns.map(({ source }) => `${literal(source)}: 'VARCHAR'`).join(', ')}}`;
  switch (format) {
    case 'csv':
      return `read_csv(${literal(input)}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = ${columns})`;
    case 'ndjson':
      return `read_json(${literal(input)}, format = 'newline_delimited', columns = ${columns})`;
    case 'parquet':
      return `read_parquet(${literal(input)})`;
  }
};

const brokenBy = (value: string, limit: Limit, type: string): string => {
  switch (limit.rule) {
    case 'maxLength':
      return `length(${value}) > ${limit.length}`;
    case 'format':
    case 'pattern':
      return `NOT regexp_matches(${value}, ${literal(limit.pattern)})`;
    case 'minimum':
      return `${value} < ${literal(limit.value)}::${type}`;
    case 'maximum':
      return `${value} > ${literal(limit.value)}::${type}`;
    case 'allowed':
      return `${value} NOT IN (${limit.values.map(literal).join(', ')})`;
  }
};

/** Rules that reject a row: `column.rule`, and SQL over the typed row that is true if the rule is broken. */
const checks = ({ name, source, type, silverType, required, limits }: ColumnSpec): [string, string][] => {
  const [value, text] = [ident(name), ident(`raw ${source}`)];
  return [
    ...(required ? [[`${name}.required`, `${text} IS NULL`] as [string, string]] : []),
    ...(type === 'string'
      ? []
      : [[`${name}.type`, `${value} IS NULL AND ${text} IS NOT NULL`] as [string, string]]),
    ...limits.map((limit): [string, string] => [`${name}.${limit.rule}`, brokenBy(value, limit, silverType)]),
  ];
};

/** SELECT of every record in the file's order: typed columns, and for rejected records `reasons` and `raw`. */
export const judgedSql = (job: Job): string => {
  const { columns } = job.spec;
  const raws = columns.map(({ source }) => `${ident(source)} AS ${ident(`raw ${source}`)}`);
  const typed = columns.map(({ name, source, type, silverType }) => {
    const text = ident(`raw ${source}`);
    return `${type === 'string' ? text : `TRY_CAST(${text} AS ${silverType})`} AS ${ident(name)}`;
  });
  const rules = columns.flatMap(checks);
  const bad = rules.map(([, broken]) => `coalesce(${broken}, false)`).join('\n OR ');
  const reasons = rules.map(([rule, broken]) => `CASE WHEN ${broken} THEN ${literal(rule)} END`);
  const raw = columns.map(({ source }) => `${literal(source)}, ${ident(`raw ${source}`)}`);
  return `
    WITH source AS (SELECT ${raws.join(', ')} FROM ${sourceSql(job)}),
    typed AS (SELECT *, ${typed.join(', ')} FROM source),
    judged AS (SELECT *, ${bad} AS bad FROM typed)
    SELECT ${columns.map(({ name }) => ident(name)).join(', ')},
      CASE WHEN bad THEN concat_ws(';', ${reasons.join(', ')}) END AS reasons,
      CASE WHEN bad THEN json_object(${raw.join(', ')}) END AS raw
    FROM judged`;
};

/** Rows of `judged` that a later row of the same key replaces, as `row`. Takes half the time of a GROUP BY and a join. */
export const supersededSql = ({ primaryKey }: WorkSpec): string => `
  SELECT rowid AS row FROM judged WHERE reasons IS NULL
  QUALIFY row_number() OVER (PARTITION BY ${primaryKey.map(ident).join(', ')} ORDER BY rowid DESC) > 1`;

/** Silver: the latest accepted row of each key, with the partition columns. */
export const silverSql = ({ columns, partitions, primaryKey }: WorkSpec): string => {
  const names = columns.map(({ name }) => ident(name));
  const parts = partitions.map(({ name, of, part }) => `${part}(${ident(of)}) AS ${ident(name)}`);
  const latest = primaryKey.length === 0 ? '' : 'AND rowid NOT IN (SELECT row FROM superseded)';
  return `SELECT ${[...names, ...parts].join(', ')} FROM judged WHERE reasons IS NULL ${latest}`;
};

/** Uses zstd's level 1: it takes a third less time than DuckDB's default, 3, and files are no larger. */
export const copySql = (query: string, target: string, partitionBy: readonly string[] = []): string => {
  const options = ['FORMAT parquet', 'COMPRESSION zstd', 'COMPRESSION_LEVEL 1'];
  if (partitionBy.length > 0) options.push(`PARTITION_BY (${partitionBy.map(ident).join(', ')})`);
  return `COPY (${query}) TO ${literal(target)} (${options.join(', ')})`;
};

/** Rejected records: key, reasons and record. */
export const rejectedSql = ({ rejectKey }: WorkSpec): string => `
  SELECT json_extract_string(raw, ${literal(rejectKey)}) AS key, reasons, raw FROM judged WHERE reasons IS NOT NULL`;
