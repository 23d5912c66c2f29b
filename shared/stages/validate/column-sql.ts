import type { Column } from '../../contract/model.ts';
import { literal, literalList, pointerTo } from '../../engine/sql.ts';
import { withTextForBytes } from './bytes-as-text.ts';
import { NOT_NUMBERS } from './json-sql.ts';
import { castNative, isNested, presentNative } from './native-value.ts';
import { parseText, presentText, type Spelling, spelling, textOfBytes } from './typed-value.ts';

/**
 * The names that `recordsSql` gives to the intermediate results of the contract's column at this position. Its last
 * result, the typed value, is called as the column is.
 */
export const namesAt = (position: number) => ({
  /** The value as text, or in the source's own type. */
  value: `_value${position}`,
  /** Whether an object or a list is where a scalar belongs. */
  nested: `_nested${position}`,
  /** Whether the record holds several values, under several spellings of one key. */
  doubled: `_doubled${position}`,
  /** The text, cast without any check; NULL where that fails. */
  tried: `_tried${position}`,
  /** Whether the text is spelled exactly as DuckDB prints the cast value, so that the cast can be trusted. */
  spelled: `_spelled${position}`,
  /** The value, or NULL where it means "no value". */
  present: `_present${position}`,
});

/** SQL that leads from the source to one column of the contract. Each member may use the names of those before it. */
export interface ColumnSql {
  column: Column;
  /** Makes `value`, from the columns of the source. */
  value: string;
  /** Makes `nested`, from the columns of the source. */
  nested?: string;
  /** Makes `doubled`, from the columns of the source. */
  doubled?: string;
  /** Makes `tried` and `spelled`, for a type whose values DuckDB prints in one way only. */
  spelling?: Spelling;
  /** Makes `present`. */
  present: string;
  /** Makes the value in the column's type, NULL where it does not fit. */
  typed: string;
}

const isScalar = ({ logicalType }: Column): boolean => logicalType !== 'object' && logicalType !== 'array';

/** @param value SQL over the source, of type VARCHAR */
const textSql = (column: Column, position: number, value: string): ColumnSql => {
  const names = namesAt(position);
  const spelled = spelling(names.value, names.tried, column);
  const parsed = parseText(names.present, column);
  if (spelled === undefined)
    return { column, value, present: presentText(names.value, column), typed: parsed };
  return {
    column,
    value,
    spelling: spelled,
    present: presentText(names.value, column, names.spelled),
    typed: `CASE WHEN ${names.spelled} THEN ${spelled.typed} ELSE ${parsed} END`,
  };
};

/**
 * @param index the source's column that holds the value: `c0`, `c1`, …; undefined where the source has none
 * @param native its DuckDB type
 */
export const sourceColumnSql = (
  column: Column,
  position: number,
  index: number | undefined,
  native = 'VARCHAR',
): ColumnSql => {
  const names = namesAt(position);
  const absent = {
    value: 'CAST(NULL AS VARCHAR)',
    present: names.value,
    typed: `CAST(NULL AS ${column.silverType})`,
  };
  if (index === undefined) return { column, ...absent };
  const value = `c${index}`;
  if (isNested(native)) {
    if (isScalar(column)) return { column, ...absent, nested: `${value} IS NOT NULL` };
    return {
      column,
      value: `CAST(to_json(${withTextForBytes(value, native)}) AS VARCHAR)`,
      present: names.value,
      typed: parseText(names.present, column),
    };
  }
  const typed = native === 'VARCHAR' ? undefined : castNative(names.present, native, column);
  if (typed !== undefined)
    return { column, value, present: presentNative(names.value, native, column), typed };
  if (native === 'BLOB') return bytesSql(column, position, value);
  return textSql(column, position, native === 'VARCHAR' ? value : `CAST(${value} AS VARCHAR)`);
};

/**
 * Some writers of Parquet store text as bytes without calling it text. Bytes that are no UTF-8 stay present, escaped,
 * and fit no type: silver must hold nothing that the source does not say.
 */
const bytesSql = (column: Column, position: number, bytes: string): ColumnSql => {
  const { typed, ...sql } = textSql(column, position, textOfBytes(bytes));
  return {
    ...sql,
    typed: `CASE WHEN encode(${namesAt(position).value}) = _${bytes} THEN ${typed} END`,
  };
};

/** A key of a document that may hold the column's value. */
export interface DocumentKey {
  name: string;
  /** SQL of its value as text. */
  text: string;
}

/**
 * @param keys the spellings of the column's key that occur in the documents
 * @param repeats whether `_repeated` lists the keys to which a document gives several values
 */
export const documentColumnSql = (
  column: Column,
  position: number,
  keys: readonly DocumentKey[],
  repeats: boolean,
): ColumnSql => {
  if (keys.length === 0) return textSql(column, position, 'CAST(NULL AS VARCHAR)');
  const pointed = keys.map(({ name, text }) => ({ text, pointer: literal(pointerTo(name)) }));
  // As written in the document, where "[1]" is a text and [1] a list. NULL where the text means "no value".
  const fragments = pointed.map(
    ({ text, pointer }) =>
      `CASE WHEN ${presentText(text, column)} IS NOT NULL THEN CAST(json_extract(doc, ${pointer}) AS VARCHAR) END`,
  );
  const texts = keys.map(({ text }) => text);
  const twice = doubledSql(keys, isScalar(column) ? texts : fragments, repeats);
  const doubled = twice !== undefined && { doubled: twice };
  if (!isScalar(column))
    return { ...textSql(column, position, `coalesce(${fragments.join(', ')})`), ...doubled };
  // A text may begin as an object does: only for these few texts the document is asked for the type.
  const cases = pointed.map(
    ({ text, pointer }) =>
      `WHEN prefix(${text}, '{') OR prefix(${text}, '[') THEN json_type(doc, ${pointer}) <> 'VARCHAR' WHEN ${text} IS NOT NULL THEN false`,
  );
  const nested = `CASE ${cases.join(' ')} END`;
  const value = `CASE WHEN ${nested} THEN NULL ELSE coalesce(${texts.join(', ')}) END`;
  return { ...documentText(column, position, value, pointed), nested, ...doubled };
};

/**
 * A number that JSON writes as a number has a decimal point, whatever separators its column has in text. NaN is no JSON:
 * DuckDB reads it as a number, and a column of strings would hold its name.
 */
const documentText = (
  column: Column,
  position: number,
  value: string,
  pointed: readonly { pointer: string }[],
): ColumnSql => {
  const sql = textSql(column, position, value);
  const { present } = namesAt(position);
  const isText = pointed.map(({ pointer }) => `json_type(_doc, ${pointer}) = 'VARCHAR'`).join(' OR ');
  if (column.separators !== undefined) {
    const { spelling: _, ...unguarded } = sql;
    const { separators: __, ...native } = column;
    const isNumber = pointed
      .map(({ pointer }) => `json_type(_doc, ${pointer}) NOT IN ('VARCHAR', 'NULL')`)
      .join(' OR ');
    const typed = `CASE WHEN coalesce(${isNumber}, false) THEN CASE WHEN NOT coalesce(${isText}, false) THEN ${parseText(present, native)} END ELSE ${parseText(present, column)} END`;
    return { ...unguarded, present: presentText(namesAt(position).value, column), typed };
  }
  if (column.logicalType !== 'string') return sql;
  return {
    ...sql,
    typed: `CASE WHEN lower(${present}) IN (${NOT_NUMBERS.map(literal).join(', ')}) THEN CASE WHEN ${isText} THEN ${sql.typed} END ELSE ${sql.typed} END`,
  };
};

/** The same value twice is no loss: a writer may write both spellings while it moves from one to the other. */
const doubledSql = (
  keys: readonly DocumentKey[],
  values: readonly string[],
  repeats: boolean,
): string | undefined => {
  const spelled = keys.length > 1 ? [`len(list_distinct([${values.join(', ')}])) > 1`] : [];
  const repeated = repeats
    ? [`coalesce(list_has_any(_repeated, ${literalList(keys.map(({ name }) => name))}), false)`]
    : [];
  const all = [...spelled, ...repeated];
  return all.length === 0 ? undefined : all.join(' OR ');
};
