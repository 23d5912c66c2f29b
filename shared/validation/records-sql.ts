import type { Column, Contract } from '../contract/model.ts';
import { ident, literal, literalList } from '../duckdb/sql.ts';
import type { Binding, Bindings } from './bind-columns.ts';
import { rowVerdict } from './row-check.ts';
import {
  castNative,
  isNested,
  parseText,
  presentNative,
  presentText,
  type Spelling,
  spelling,
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
  if (typed !== undefined) return { column, value, present: presentNative(read, column), typed };
  if (native === 'BLOB') return bytesLayer(column, position, value);
  return textLayer(column, position, native === 'VARCHAR' ? value : `CAST(${value} AS VARCHAR)`);
};

/**
 * Bytes that Parquet does not call text, as some writers leave their texts. Those that are no UTF-8 stay present, escaped,
 * and fit no type: silver must not hold what the source never said.
 */
const bytesLayer = (column: Column, position: number, bytes: string): Layer => {
  const value = `coalesce(TRY(decode(${bytes})), CAST(${bytes} AS VARCHAR))`;
  const { typed, ...layer } = textLayer(column, position, value);
  return { ...layer, typed: `CASE WHEN encode(_v${position}) = _${bytes} THEN ${typed} END` };
};

const documentsSql = (contract: Contract, source: RecordSource, { bound, unknown }: Bindings): string => {
  const known = bound.flatMap(({ sources }) => sources);
  // One pass over each document: all the keys at once, as JSON Pointers (RFC 6901).
  const pointers = known.map(
    (index) => `/${(source.columns[index] ?? '').replaceAll('~', '~0').replaceAll('/', '~1')}`,
  );
  const withoutKnown = JSON.stringify(
    Object.fromEntries(known.map((index) => [source.columns[index] ?? '', null])),
  );
  return assemble({
    contract,
    relation: `(SELECT doc, _broken, CASE WHEN NOT _broken THEN json_extract(doc, ${literalList(pointers)}) END AS _values
      FROM (SELECT doc, coalesce(CASE WHEN json_valid(doc) THEN json_type(doc) END <> 'OBJECT', true) AS _broken FROM ${source.relation}))`,
    carried: ['doc AS _doc', '_broken'],
    layers: bound.map((binding, position) => documentLayer(binding, position, known)),
    shapeBroken: '_broken',
    rescued:
      unknown.length === 0
        ? undefined
        : `CASE WHEN NOT _broken THEN json_merge_patch(CAST(_doc AS JSON), ${literal(withoutKnown)}) END`,
    raw: '_doc',
  });
};

const documentLayer = ({ column, sources }: Binding, position: number, known: readonly number[]): Layer => {
  const spellings = sources.map(
    (index) => `nullif(CAST(_values[${known.indexOf(index) + 1}] AS VARCHAR), 'null')`,
  );
  const fragment = spellings.length === 0 ? 'CAST(NULL AS VARCHAR)' : `coalesce(${spellings.join(', ')})`;
  // One value under two spellings is no loss, as where a writer moves from one to the other.
  const doubled =
    spellings.length > 1 ? { doubled: `len(list_distinct([${spellings.join(', ')}])) > 1` } : {};
  if (!isScalar(column)) return { ...textLayer(column, position, fragment), ...doubled };
  const nested = `left(${fragment}, 1) IN ('{', '[')`;
  const text = `CASE WHEN ${nested} THEN NULL WHEN left(${fragment}, 1) = '"' THEN json_extract_string(${fragment}, '$') ELSE ${fragment} END`;
  return { ...textLayer(column, position, text), nested, ...doubled };
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
      ...(nested === undefined ? {} : { nested: `_n${i}` }),
      ...(doubled === undefined ? {} : { doubled: `_d${i}` }),
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
