import type { Contract } from '../contract/model.ts';
import { ident, literal, literalList } from '../duckdb/sql.ts';
import type { Binding, Bindings } from './bind-columns.ts';
import { type CheckedColumn, REASONS_TYPE, rowVerdict } from './row-check.ts';
import { castNative, castsDirectly, parseText, presentText } from './typed-value.ts';

/**
 * The query that types and judges every record of a source, in the source's order. It yields the contract's
 * source columns, typed (NULL where a value does not fit); `_rescued`, what the contract does not know, as
 * JSON; `_reasons`, NULL for an accepted row, else REASONS_TYPE; and `_raw`, the record as JSON, for refused
 * rows only.
 *
 * Names that begin with an underscore are ours: a contract's columns never do.
 */
export interface RecordSource {
  shape: 'columns' | 'documents';
  relation: string;
  /** Source column names; for documents, every key that occurs. */
  columns: readonly string[];
  /** DuckDB types of c0, c1, …; all VARCHAR for text formats. */
  types: readonly string[];
}

export const recordsSql = (contract: Contract, source: RecordSource, bindings: Bindings): string =>
  source.shape === 'columns'
    ? columnsSql(contract, source, bindings)
    : documentsSql(contract, source, bindings);

const columnsSql = (contract: Contract, source: RecordSource, { bound, unknown }: Bindings): string => {
  const typeOf = (index: number): string => source.types[index] ?? 'VARCHAR';
  const layers = bound.map(({ column, sources }, position) => {
    const [index] = sources;
    const name = `_p${position}`;
    if (index === undefined)
      return { name, present: 'CAST(NULL AS VARCHAR)', typed: `CAST(NULL AS ${column.silverType})`, column };
    const native = typeOf(index);
    if (native !== 'VARCHAR' && castsDirectly(native, column))
      return { name, present: `c${index}`, typed: castNative(name, column), column };
    const text = native === 'VARCHAR' ? `c${index}` : nativeText(`c${index}`, native);
    return { name, present: presentText(text, column), typed: parseText(name, column), column };
  });
  const object = (indexes: readonly number[]): string =>
    `json_object(${indexes.flatMap((i) => [literal(source.columns[i] ?? ''), `_c${i}`]).join(', ')})`;
  return assemble({
    contract,
    relation: source.relation,
    carried: source.columns.map((_, index) => `c${index} AS _c${index}`),
    layers,
    verdictColumns: layers.map(({ column, name }) => ({ column, present: name })),
    rescued: unknown.length === 0 ? undefined : `json_merge_patch('{}', ${object(unknown)})`,
    raw: object(source.columns.map((_, index) => index)),
  });
};

/** Text of a typed value: nested values as JSON, everything else as DuckDB prints it. */
const nativeText = (value: string, type: string): string =>
  /^(STRUCT|MAP|UNION)|\]$/.test(type) ? `CAST(to_json(${value}) AS VARCHAR)` : `CAST(${value} AS VARCHAR)`;

const documentsSql = (contract: Contract, source: RecordSource, { bound, unknown }: Bindings): string => {
  const known = bound.flatMap(({ sources }) => sources);
  // One pass over each document: all the keys at once, as JSON Pointers (RFC 6901).
  const pointers = known.map(
    (index) => `/${(source.columns[index] ?? '').replaceAll('~', '~0').replaceAll('/', '~1')}`,
  );
  const layers = bound.map((binding, position) => documentLayer(binding, position, known));
  const withoutKnown = JSON.stringify(
    Object.fromEntries(known.map((index) => [source.columns[index] ?? '', null])),
  );
  return assemble({
    contract,
    relation: `(SELECT doc, _broken, CASE WHEN NOT _broken THEN json_extract(doc, ${literalList(pointers)}) END AS _values
      FROM (SELECT doc, coalesce(CASE WHEN json_valid(doc) THEN json_type(doc) END <> 'OBJECT', true) AS _broken FROM ${source.relation}))`,
    carried: [
      'doc AS _doc',
      '_broken',
      ...layers.map(({ fragment, nested }) => `left(${fragment}, 1) IN ('{', '[') AS ${nested}`),
    ],
    layers,
    verdictColumns: layers.map(({ column, name, nested }) =>
      isScalar(column.logicalType)
        ? { column, present: name, nested: `coalesce(${nested}, false)` }
        : { column, present: name },
    ),
    shapeBroken: '_broken',
    rescued:
      unknown.length === 0
        ? undefined
        : `CASE WHEN NOT _broken THEN json_merge_patch(CAST(_doc AS JSON), ${literal(withoutKnown)}) END`,
    raw: '_doc',
  });
};

const isScalar = (logicalType: string): boolean => logicalType !== 'object' && logicalType !== 'array';

const documentLayer = ({ column, sources }: Binding, position: number, known: readonly number[]) => {
  const spellings = sources.map(
    (index) => `nullif(CAST(_values[${known.indexOf(index) + 1}] AS VARCHAR), 'null')`,
  );
  const fragment = spellings.length === 0 ? 'CAST(NULL AS VARCHAR)' : `coalesce(${spellings.join(', ')})`;
  const scalar = `CASE left(${fragment}, 1) WHEN '"' THEN json_extract_string(${fragment}, '$') WHEN '{' THEN NULL WHEN '[' THEN NULL ELSE ${fragment} END`;
  const text = isScalar(column.logicalType) ? scalar : fragment;
  const name = `_p${position}`;
  return {
    name,
    column,
    fragment,
    nested: `_n${position}`,
    present: presentText(`(${text})`, column),
    typed: parseText(name, column),
  };
};

interface Parts {
  contract: Contract;
  relation: string;
  carried: string[];
  layers: { name: string; column: { name: string }; present: string; typed: string }[];
  verdictColumns: CheckedColumn[];
  shapeBroken?: string;
  rescued: string | undefined;
  raw: string;
}

const assemble = (parts: Parts): string => {
  const { ok, reasons } = rowVerdict(parts.verdictColumns, parts.shapeBroken);
  const names = parts.layers.map(({ column }) => ident(column.name));
  const keepRescued = parts.rescued !== undefined && parts.contract.unknownColumns === 'rescue';
  const rescued = keepRescued ? `nullif(CAST(${parts.rescued} AS VARCHAR), '{}')` : 'NULL';
  return `
WITH present AS (
  SELECT ${[...parts.carried, ...parts.layers.map(({ name, present }) => `${present} AS ${name}`)].join(',\n    ')}
  FROM ${parts.relation}
), typed AS (
  SELECT *, ${parts.layers.map(({ column, typed }) => `${typed} AS ${ident(column.name)}`).join(',\n    ')}
  FROM present
), judged AS (
  SELECT *, ${ok} AS _ok FROM typed
)
SELECT ${names.join(', ')},
  CAST(${rescued} AS VARCHAR) AS _rescued,
  CASE WHEN NOT _ok THEN CAST(${reasons} AS ${REASONS_TYPE}) END AS _reasons,
  CASE WHEN NOT _ok THEN CAST(${parts.raw} AS VARCHAR) END AS _raw
FROM judged`;
};
