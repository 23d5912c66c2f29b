import type { Column, Contract } from '../contract/model.ts';
import { ident, literal, literalList } from '../duckdb/sql.ts';
import type { Binding, Bindings } from './bind-columns.ts';
import { rowVerdict } from './row-check.ts';
import { castNative, isNested, parseText, presentNative, presentText } from './typed-value.ts';

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

/** A column on its way from the source to its type, as SQL. */
interface Layer {
  column: Column;
  /** What the present value is called between the two steps. */
  name: string;
  /** Over the source: the value as text or in the source's own type, NULL where there is none. */
  present: string;
  /** Over the source: whether an object or a list stands where a scalar belongs. */
  nested?: string;
  /** Over the present value: the value in the column's type, NULL where it does not fit. */
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
      columnLayer(column, `_p${position}`, index, source.types[index ?? 0]),
    ),
    rescued:
      unknown.length === 0 ? undefined : `'{' || concat_ws(',', ${unknown.map(member).join(', ')}) || '}'`,
    raw: `json_object(${source.columns.flatMap((name, index) => [literal(name), `_c${index}`]).join(', ')})`,
  });
};

const columnLayer = (column: Column, name: string, index: number | undefined, native = 'VARCHAR'): Layer => {
  const absent = { present: 'CAST(NULL AS VARCHAR)', typed: `CAST(NULL AS ${column.silverType})` };
  if (index === undefined) return { column, name, ...absent };
  const value = `c${index}`;
  if (isNested(native)) {
    if (isScalar(column)) return { column, name, ...absent, nested: `${value} IS NOT NULL` };
    return { column, name, present: `CAST(to_json(${value}) AS VARCHAR)`, typed: parseText(name, column) };
  }
  const typed = native === 'VARCHAR' ? undefined : castNative(name, native, column);
  if (typed !== undefined) return { column, name, present: presentNative(value, column), typed };
  const text = native === 'VARCHAR' ? value : `CAST(${value} AS VARCHAR)`;
  return { column, name, present: presentText(text, column), typed: parseText(name, column) };
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
    layers: bound.map((binding, position) => documentLayer(binding, `_p${position}`, known)),
    shapeBroken: '_broken',
    rescued:
      unknown.length === 0
        ? undefined
        : `CASE WHEN NOT _broken THEN json_merge_patch(CAST(_doc AS JSON), ${literal(withoutKnown)}) END`,
    raw: '_doc',
  });
};

const documentLayer = ({ column, sources }: Binding, name: string, known: readonly number[]): Layer => {
  const spellings = sources.map(
    (index) => `nullif(CAST(_values[${known.indexOf(index) + 1}] AS VARCHAR), 'null')`,
  );
  const fragment = spellings.length === 0 ? 'CAST(NULL AS VARCHAR)' : `coalesce(${spellings.join(', ')})`;
  const typed = parseText(name, column);
  if (!isScalar(column)) return { column, name, present: presentText(`(${fragment})`, column), typed };
  const nested = `left(${fragment}, 1) IN ('{', '[')`;
  const text = `CASE WHEN ${nested} THEN NULL WHEN left(${fragment}, 1) = '"' THEN json_extract_string(${fragment}, '$') ELSE ${fragment} END`;
  return { column, name, present: presentText(`(${text})`, column), nested, typed };
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
    layers.map(({ column, name, nested }) => ({
      column,
      present: name,
      ...(nested === undefined ? {} : { nested: `${name}_nested` }),
    })),
    parts.shapeBroken,
  );
  const present = layers.flatMap(({ name, present, nested }) => [
    `${present} AS ${name}`,
    ...(nested === undefined ? [] : [`coalesce(${nested}, false) AS ${name}_nested`]),
  ]);
  const keepRescued = parts.rescued !== undefined && contract.unknownColumns === 'rescue';
  const rescued = keepRescued ? `nullif(CAST(${parts.rescued} AS VARCHAR), '{}')` : 'NULL';
  return `
WITH present AS (
  SELECT ${[...parts.carried, ...present].join(',\n    ')}
  FROM ${parts.relation}
), typed AS (
  SELECT *, ${layers.map(({ column, typed }) => `${typed} AS ${ident(column.name)}`).join(',\n    ')}
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
