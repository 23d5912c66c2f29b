import type { Column, Contract } from '../../contract/model.ts';
import { ident, literal, literalList, pointerTo } from '../../engine/sql.ts';
import type { Bindings } from './bind-columns.ts';
import { rowVerdict } from './row-check.ts';
import {
  castNative,
  isNested,
  parseText,
  presentNative,
  presentText,
  type Spelling,
  spelling,
  textOfBytes,
} from './typed-value.ts';

export interface RecordSource {
  shape: 'columns' | 'documents';
  relation: string;
  /** Source column names; for documents, every key that occurs. */
  columns: readonly string[];
  /** DuckDB types of c0, c1, …; all VARCHAR for text formats. */
  types: readonly string[];
}

/**
 * The query that types and judges every record of a source, in the source's order. It yields the contract's
 * source columns, typed (NULL where a value does not fit); `_rescued`, what the contract does not know, as
 * JSON; `_reasons`, NULL for an accepted row, else the text that `unpackReasons` reads; and `_raw`, the record as
 * JSON, for refused rows only.
 *
 * Names that begin with an underscore are ours: a contract's columns never do.
 */
export const recordsSql = (contract: Contract, source: RecordSource, bindings: Bindings): string =>
  source.shape === 'columns'
    ? columnsSql(contract, source, bindings)
    : documentsSql(contract, source, bindings);

/**
 * A column on its way from the source to its type, as SQL. Each step reads what those before it are called: the value
 * of column 3 is `_v3`, as present `_p3`.
 */
interface Layer {
  column: Column;
  /** Over the source: the value as text or in the source's own type. */
  value: string;
  /** Over the source: whether an object or a list stands where a scalar belongs; called `_n3`. */
  nested?: string;
  /** Over the source: whether spellings of one key differ in value, so that one would be lost; called `_d3`. */
  doubled?: string;
  /** How text is read that is spelled plainly. Its value is `_t3`, whether it is so `_s3`. */
  spelling?: Spelling;
  /** The value, NULL where there is none. */
  present: string;
  /** The value in the column's type, NULL where it does not fit. */
  typed: string;
}

const isScalar = ({ logicalType }: Column): boolean => logicalType !== 'object' && logicalType !== 'array';

const columnsSql = (contract: Contract, source: RecordSource, { bound, unknown }: Bindings): string => {
  // NULL where there is no value: concat_ws then leaves the member out.
  const member = (index: number): string =>
    `${literal(`${JSON.stringify(source.columns[index])}:`)} || CAST(to_json(_c${index}) AS VARCHAR)`;
  return assemble({
    contract,
    relation: source.relation,
    carried: source.columns.map((_, index) => `c${index} AS _c${index}`),
    layers: bound.map(({ column, sources: [index] }, position) =>
      columnLayer(column, position, index, source.types[index ?? 0]),
    ),
    rescued:
      unknown.length === 0 ? undefined : `'{' || concat_ws(',', ${unknown.map(member).join(', ')}) || '}'`,
    raw: `json_object(${source.columns.flatMap((name, index) => [literal(name), `_c${index}`]).join(', ')})`,
  });
};

/** @param value SQL over the source, of type VARCHAR */
const textLayer = (column: Column, position: number, value: string): Layer => {
  const [read, present] = [`_v${position}`, `_p${position}`];
  const spelled = spelling(read, `_t${position}`, column);
  const parsed = parseText(present, column);
  if (spelled === undefined) return { column, value, present: presentText(read, column), typed: parsed };
  return {
    column,
    value,
    spelling: spelled,
    present: presentText(read, column, `_s${position}`),
    typed: `CASE WHEN _s${position} THEN ${spelled.typed} ELSE ${parsed} END`,
  };
};

const columnLayer = (
  column: Column,
  position: number,
  index: number | undefined,
  native = 'VARCHAR',
): Layer => {
  const [read, present] = [`_v${position}`, `_p${position}`];
  const absent = {
    value: 'CAST(NULL AS VARCHAR)',
    present: read,
    typed: `CAST(NULL AS ${column.silverType})`,
  };
  if (index === undefined) return { column, ...absent };
  const value = `c${index}`;
  if (isNested(native)) {
    if (isScalar(column)) return { column, ...absent, nested: `${value} IS NOT NULL` };
    return {
      column,
      value: `CAST(to_json(${value}) AS VARCHAR)`,
      present: read,
      typed: parseText(present, column),
    };
  }
  const typed = native === 'VARCHAR' ? undefined : castNative(present, native, column);
  if (typed !== undefined) return { column, value, present: presentNative(read, native, column), typed };
  if (native === 'BLOB') return bytesLayer(column, position, value);
  return textLayer(column, position, native === 'VARCHAR' ? value : `CAST(${value} AS VARCHAR)`);
};

/**
 * Bytes that Parquet does not call text, as some writers leave their texts. Those that are no UTF-8 stay present, escaped,
 * and fit no type: silver must not hold what the source never said.
 */
const bytesLayer = (column: Column, position: number, bytes: string): Layer => {
  const { typed, ...layer } = textLayer(column, position, textOfBytes(bytes));
  return { ...layer, typed: `CASE WHEN encode(_v${position}) = _${bytes} THEN ${typed} END` };
};

const documentsSql = (contract: Contract, source: RecordSource, { bound, unknown }: Bindings): string => {
  const known = bound.flatMap(({ sources }) => sources);
  const pointers = known.map((index) => pointerTo(source.columns[index] ?? ''));
  const withoutKnown = JSON.stringify(
    Object.fromEntries(known.map((index) => [source.columns[index] ?? '', null])),
  );
  // One pass over each document: all the keys at once.
  return assemble({
    contract,
    relation: `(SELECT doc, _broken, CASE WHEN NOT _broken THEN json_extract_string(doc, ${literalList(pointers)}) END AS _texts
      FROM (SELECT doc, coalesce(TRY(json_type(doc)) <> 'OBJECT', true) AS _broken FROM ${source.relation}))`,
    carried: ['doc AS _doc', '_broken'],
    layers: bound.map(({ column, sources }, position) =>
      documentLayer(
        column,
        position,
        sources.map((index) => ({
          text: `_texts[${known.indexOf(index) + 1}]`,
          pointer: literal(pointerTo(source.columns[index] ?? '')),
        })),
      ),
    ),
    shapeBroken: '_broken',
    rescued:
      unknown.length === 0
        ? undefined
        : `CASE WHEN NOT _broken THEN json_merge_patch(CAST(_doc AS JSON), ${literal(withoutKnown)}) END`,
    raw: '_doc',
  });
};

/** A key of a document that may hold a column's value: SQL of its value as text, and the literal that points to it. */
interface Key {
  text: string;
  pointer: string;
}

const documentLayer = (column: Column, position: number, keys: readonly Key[]): Layer => {
  if (keys.length === 0) return textLayer(column, position, 'CAST(NULL AS VARCHAR)');
  // As it stands in the document, where "[1]" is a text and [1] a list; a text that means "no value" is none here either.
  const fragments = keys.map(
    ({ text, pointer }) =>
      `CASE WHEN ${presentText(text, column)} IS NOT NULL THEN CAST(json_extract(doc, ${pointer}) AS VARCHAR) END`,
  );
  // One value under two spellings is no loss, as where a writer moves from one to the other.
  const values = isScalar(column) ? keys.map(({ text }) => text) : fragments;
  const doubled = keys.length > 1 ? { doubled: `len(list_distinct([${values.join(', ')}])) > 1` } : {};
  if (!isScalar(column))
    return { ...textLayer(column, position, `coalesce(${fragments.join(', ')})`), ...doubled };
  // A text may begin as an object does: of the few that do, the document tells.
  const cases = keys.map(
    ({ text, pointer }) =>
      `WHEN prefix(${text}, '{') OR prefix(${text}, '[') THEN json_type(doc, ${pointer}) <> 'VARCHAR' WHEN ${text} IS NOT NULL THEN false`,
  );
  const nested = `CASE ${cases.join(' ')} END`;
  const value = `CASE WHEN ${nested} THEN NULL ELSE coalesce(${keys.map(({ text }) => text).join(', ')}) END`;
  return { ...textLayer(column, position, value), nested, ...doubled };
};

interface Parts {
  contract: Contract;
  relation: string;
  /** What later layers need of the source besides its values. */
  carried: string[];
  layers: Layer[];
  shapeBroken?: string;
  rescued: string | undefined;
  raw: string;
}

const assemble = ({ contract, layers, ...parts }: Parts): string => {
  const { ok, reasons } = rowVerdict(
    layers.map(({ column, nested, doubled }, i) => ({
      column,
      present: `_p${i}`,
      ...(nested !== undefined && { nested: `_n${i}` }),
      ...(doubled !== undefined && { doubled: `_d${i}` }),
    })),
    parts.shapeBroken,
  );
  const step = (of: (layer: Layer, i: number) => string[]): string =>
    ['*', ...layers.flatMap((layer, i) => of(layer, i))].join(',\n    ');
  const read = layers.flatMap(({ value, nested, doubled }, i) => [
    `${value} AS _v${i}`,
    ...(doubled === undefined ? [] : [`${doubled} AS _d${i}`]),
    ...(nested === undefined ? [] : [`coalesce(${nested}, false) AS _n${i}`]),
  ]);
  const keepRescued = parts.rescued !== undefined && contract.unknownColumns === 'rescue';
  const rescued = keepRescued ? `nullif(CAST(${parts.rescued} AS VARCHAR), '{}')` : 'NULL';
  // What two steps need is a column between them: within a CASE, DuckDB would compute it twice.
  return `
WITH source AS (
  SELECT ${[...parts.carried, ...read].join(',\n    ')}
  FROM ${parts.relation}
), valued AS (
  SELECT ${step(({ spelling }, i) => (spelling === undefined ? [] : [`${spelling.cast} AS _t${i}`]))}
  FROM source
), spelled AS (
  SELECT ${step(({ spelling }, i) => (spelling === undefined ? [] : [`${spelling.spelled} AS _s${i}`]))}
  FROM valued
), present AS (
  SELECT ${step(({ present }, i) => [`${present} AS _p${i}`])}
  FROM spelled
), typed AS (
  SELECT ${step(({ column, typed }) => [`${typed} AS ${ident(column.name)}`])}
  FROM present
), judged AS (
  SELECT *, ${ok} AS _ok FROM typed
)
SELECT ${layers.map(({ column }) => ident(column.name)).join(', ')},
  CAST(${rescued} AS VARCHAR) AS _rescued,
  CASE WHEN NOT _ok THEN ${reasons} END AS _reasons,
  CASE WHEN NOT _ok THEN CAST(${parts.raw} AS VARCHAR) END AS _raw
FROM judged`;
};
