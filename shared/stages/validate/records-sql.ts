import type { Contract } from '../../contract/model.ts';
import { ident, literal, literalList, pointerTo } from '../../engine/sql.ts';
import type { Bindings } from './bind-columns.ts';
import { withTextForBytes } from './bytes-as-text.ts';
import { type ColumnSql, documentColumnSql, namesAt, sourceColumnSql } from './column-sql.ts';
import { keysOfRepeats, repeatedKeys, strictJson, uniqueNames, withoutKeys } from './json-sql.ts';
import { type BrokenShape, rowVerdict } from './row-check.ts';

export interface RecordSource {
  shape: 'columns' | 'documents';
  relation: string;
  /** Source column names; for documents, every key that occurs. */
  columns: readonly string[];
  /** DuckDB types of c0, c1, …; all VARCHAR for text formats. */
  types: readonly string[];
  /** Whether a document holds a key twice. Without such documents, nothing is computed about it. */
  repeats?: boolean;
  /** Where the record lies in its document, whose text is the relation's column `whole`. */
  recordsPath?: string;
  /** How many levels below its document an object holds a key twice. */
  nestedRepeats?: number;
}

/**
 * The query that types and checks every record of a source, in the source's order. It yields the contract's
 * source columns, typed (NULL where a value does not fit); `_rescued`, the columns that the contract does not know, as
 * JSON; `_reasons`, NULL for an accepted row, else the text that `unpackReasons` reads; and `_raw`, the record as
 * JSON, for rejected rows only.
 *
 * For a contract of the column `id`, a required integer, and a CSV of the columns `id` and `note`, it is in short:
 *
 *     WITH source AS (SELECT c0 AS _c0, c1 AS _c1, c0 AS _value0 FROM (SELECT * FROM read_csv(…))),
 *     tried AS (SELECT *, TRY_CAST(_value0 AS BIGINT) AS _tried0 FROM source),
 *     spelled AS (SELECT *, CAST(_tried0 AS VARCHAR) = _value0 AS _spelled0 FROM tried),
 *     present AS (SELECT *, CASE WHEN _spelled0 THEN _value0 … ELSE nullif(trim(_value0), '') END AS _present0 FROM spelled),
 *     typed AS (SELECT *, CASE WHEN _spelled0 THEN _tried0 WHEN regexp_full_match(_present0, …) THEN … END AS id FROM present),
 *     judged AS (SELECT *, NOT (_present0 IS NULL OR (_present0 IS NOT NULL AND id IS NULL)) AS _ok FROM typed)
 *     SELECT id,
 *       '{' || concat_ws(',', '"note":' || to_json(_c1)) || '}' AS _rescued,
 *       CASE WHEN NOT _ok THEN '[' || concat_ws(',', CASE WHEN _present0 IS NULL THEN … END, …) || ']' END AS _reasons,
 *       CASE WHEN NOT _ok THEN json_object('id', _c0, 'note', _c1) END AS _raw
 *     FROM judged
 *
 * `namesAt` explains the numbered names. Names that begin with an underscore never collide with a contract's columns.
 */
export const recordsSql = (contract: Contract, source: RecordSource, bindings: Bindings): string =>
  source.shape === 'columns'
    ? columnsSql(contract, source, bindings)
    : documentsSql(contract, source, bindings);

const columnsSql = (contract: Contract, source: RecordSource, { bound, unknown }: Bindings): string => {
  const names = uniqueNames(source.columns);
  const readable = source.columns.map((_, index) =>
    withTextForBytes(`_c${index}`, source.types[index] ?? ''),
  );
  const lax = source.types.some((type) => /DOUBLE|FLOAT/.test(type));
  const raw = `json_object(${names.flatMap((name, index) => [literal(name), readable[index] ?? '']).join(', ')})`;
  // NULL where there is no value, so that concat_ws leaves the member out.
  const member = (index: number): string =>
    `${literal(`${JSON.stringify(names[index])}:`)} || CAST(to_json(${readable[index]}) AS VARCHAR)`;
  return assemble({
    contract,
    relation: source.relation,
    carried: source.columns.map((_, index) => `c${index} AS _c${index}`),
    columns: bound.map(({ column, sources: [index] }, position) =>
      sourceColumnSql(column, position, index, source.types[index ?? 0]),
    ),
    rescued:
      unknown.length === 0 ? undefined : `'{' || concat_ws(',', ${unknown.map(member).join(', ')}) || '}'`,
    lax,
    raw: lax ? strictJson(`CAST(${raw} AS VARCHAR)`) : raw,
  });
};

const documentsSql = (contract: Contract, source: RecordSource, { bound, unknown }: Bindings): string => {
  const { nestedRepeats = 0 } = source;
  const repeats = source.repeats === true || nestedRepeats > 0;
  const repeated =
    nestedRepeats > 0
      ? `list_concat(${repeatedKeys('doc')}, ${keysOfRepeats('doc', nestedRepeats)})`
      : repeatedKeys('doc');
  const known = bound.flatMap(({ sources }) => sources);
  const nameOf = (index: number): string => source.columns[index] ?? '';
  const whole = source.recordsPath === undefined ? 'doc' : 'whole';
  const pointers = known.map((index) => pointerTo(nameOf(index)));
  const knownNames = known.map(nameOf);
  // All keys are extracted in one pass over each document.
  return assemble({
    contract,
    relation: `(SELECT doc, ${whole} AS _whole, _broken, CASE WHEN NOT _broken THEN json_extract_string(doc, ${literalList(pointers)}) END AS _texts${repeats ? `, CASE WHEN NOT _broken THEN ${repeated} END AS _repeated` : ''}
      FROM (SELECT *, coalesce(TRY(json_type(doc)) <> 'OBJECT', true) AS _broken FROM ${source.relation}))`,
    carried: ['doc AS _doc', '_whole', '_broken', ...(repeats ? ['_repeated'] : [])],
    columns: bound.map(({ column, sources }, position) =>
      documentColumnSql(
        column,
        position,
        sources.map((index) => ({ name: nameOf(index), text: `_texts[${known.indexOf(index) + 1}]` })),
        repeats,
      ),
    ),
    shapeBroken: {
      broken: '_broken',
      expected:
        source.recordsPath === undefined
          ? 'a JSON object'
          : `a JSON object at ${source.recordsPath}, and no key of this path twice`,
    },
    // With a column of the contract, the reason is that column's.
    ...(repeats &&
      contract.unknownColumns === 'rescue' && {
        repeated: `len(list_filter(_repeated, lambda _key: NOT list_contains(CAST(${literalList(knownNames)} AS VARCHAR[]), _key))) > 0`,
      }),
    rescued:
      unknown.length === 0
        ? undefined
        : `CASE WHEN NOT _broken THEN ${withoutKeys('_doc', knownNames, repeats)} END`,
    lax: true,
    raw: '_whole',
  });
};

interface Parts {
  contract: Contract;
  relation: string;
  /** The source's columns that later steps need besides the values, as items of a SELECT. */
  carried: string[];
  columns: ColumnSql[];
  /** Tells a record that is no object. */
  shapeBroken?: BrokenShape;
  /** SQL that is true for a record with several values under one key that the contract does not know. */
  repeated?: string;
  rescued: string | undefined;
  /** Whether `rescued` may hold NaN or Infinity. */
  lax: boolean;
  raw: string;
}

const assemble = ({ contract, columns, ...parts }: Parts): string => {
  const { ok, reasons } = rowVerdict(
    columns.map(({ column, nested, doubled }, i) => ({
      column,
      present: namesAt(i).present,
      ...(nested !== undefined && { nested: namesAt(i).nested }),
      ...(doubled !== undefined && { doubled: namesAt(i).doubled }),
    })),
    parts.shapeBroken,
    parts.repeated,
  );
  const step = (items: (column: ColumnSql, names: ReturnType<typeof namesAt>) => string[]): string =>
    ['*', ...columns.flatMap((column, i) => items(column, namesAt(i)))].join(',\n    ');
  const read = columns.flatMap(({ value, nested, doubled }, i) => [
    `${value} AS ${namesAt(i).value}`,
    ...(doubled === undefined ? [] : [`${doubled} AS ${namesAt(i).doubled}`]),
    ...(nested === undefined ? [] : [`coalesce(${nested}, false) AS ${namesAt(i).nested}`]),
  ]);
  const keepRescued = parts.rescued !== undefined && contract.unknownColumns === 'rescue';
  const rescued = keepRescued
    ? `nullif(${parts.lax ? strictJson('_rescued_json') : '_rescued_json'}, '{}')`
    : 'NULL';
  // A result that two steps need is a column in between: within a CASE, DuckDB would compute it twice.
  return `
WITH source AS (
  SELECT ${[...parts.carried, ...read].join(',\n    ')}
  FROM ${parts.relation}
), tried AS (
  SELECT ${step(({ spelling }, { tried }) => (spelling === undefined ? [] : [`${spelling.cast} AS ${tried}`]))}
  FROM source
), spelled AS (
  SELECT ${step(({ spelling }, { spelled }) => (spelling === undefined ? [] : [`${spelling.spelled} AS ${spelled}`]))}
  FROM tried
), present AS (
  SELECT ${step(({ present }, names) => [`${present} AS ${names.present}`])}
  FROM spelled
), typed AS (
  SELECT ${step(({ column, typed }) => [`${typed} AS ${ident(column.name)}`])}
  FROM present
), judged AS (
  SELECT *, ${ok} AS _ok${keepRescued ? `, CAST(${parts.rescued} AS VARCHAR) AS _rescued_json` : ''} FROM typed
)
SELECT ${columns.map(({ column }) => ident(column.name)).join(', ')},
  CAST(${rescued} AS VARCHAR) AS _rescued,
  CASE WHEN NOT _ok THEN ${reasons} END AS _reasons,
  CASE WHEN NOT _ok THEN CAST(${parts.raw} AS VARCHAR) END AS _raw
FROM judged`;
};
