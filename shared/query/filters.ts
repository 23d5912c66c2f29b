import { withoutSemicolon } from '../contract/sql-text.ts';
import { literal } from '../engine/sql.ts';
import type { Db } from '../engine/with-duckdb.ts';

export type Operator = '=' | '<' | '<=' | '>' | '>=';

export interface Constant {
  kind: 'integer' | 'decimal' | 'text' | 'boolean' | 'date' | 'timestamp' | 'timestamptz';
  /** The constant in DuckDB's SQL. */
  sql: string;
}

/** A condition that a row must fulfil: `column op value` is true for one of the values. It is never true for NULL. */
export interface Filter {
  /** The name as the query writes it. */
  column: string;
  op: Operator;
  values: Constant[];
}

/** A node of the tree that DuckDB's `json_serialize_sql` returns. */
type Node = Readonly<Record<string, unknown>>;

/**
 * Conditions without which a row cannot change the result of a query, by the table's name in lower case
 * (`silver.signups`). A table that is missing in the result may need any of its rows.
 *
 * DuckDB parses the query. Only plain cases count: comparisons of a column with constants, joined by AND, in the WHERE of
 * a SELECT from this one table, where the query names the table once.
 */
export const filtersOf = async (db: Db, sql: string): Promise<Map<string, Filter[]>> => {
  const { tree } = await db.one<{ tree: string }>('SELECT json_serialize_sql($1::VARCHAR) AS tree', [
    withoutSemicolon(sql),
  ]);
  const nodes = [...nodesIn(JSON.parse(tree))];
  const references = nodes.filter(isTableReference);
  // A table function may read tables that only it knows.
  if (!references.every(({ type }) => KNOWN_REFERENCES.has(type))) return new Map();
  const tables = references.filter(({ type }) => type === 'BASE_TABLE').map(nameOf);
  const found = nodes.flatMap((node) => {
    const { from_table: from, where_clause: where, sample } = node;
    if (node.type !== 'SELECT_NODE' || !isNode(from) || !isNode(where) || sample !== null) return [];
    const name = nameOf(from);
    const isPlain =
      from.type === 'BASE_TABLE' &&
      from.sample === null &&
      from.at_clause === null &&
      isEmpty(from.column_name_alias) &&
      tables.filter((table) => table === name).length === 1;
    const filters = isPlain ? conjuncts(where).flatMap((each) => filterOf(each, from)) : [];
    return filters.length === 0 ? [] : [[name, filters] as const];
  });
  return new Map(found);
};

const KNOWN_REFERENCES = new Set<unknown>(['BASE_TABLE', 'JOIN', 'SUBQUERY', 'EMPTY', 'EXPRESSION_LIST']);

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

function* nodesIn(value: unknown): Generator<Node> {
  if (isNode(value)) yield value;
  if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) yield* nodesIn(part);
}

/** Whether the node is an item of a FROM clause: expressions also have a class, and SELECTs have no alias. */
const isTableReference = (node: Node): boolean =>
  typeof node.type === 'string' && 'alias' in node && 'sample' in node && !('class' in node);

const lower = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : '');

const nameOf = (table: Node): string => `${lower(table.schema_name)}.${lower(table.table_name)}`;

const conjuncts = (condition: Node): Node[] =>
  condition.type === 'CONJUNCTION_AND' && Array.isArray(condition.children)
    ? condition.children.filter(isNode).flatMap(conjuncts)
    : [condition];

const OPERATORS = new Map<unknown, { op: Operator; mirrored: Operator }>([
  ['COMPARE_EQUAL', { op: '=', mirrored: '=' }],
  ['COMPARE_LESSTHAN', { op: '<', mirrored: '>' }],
  ['COMPARE_LESSTHANOREQUALTO', { op: '<=', mirrored: '>=' }],
  ['COMPARE_GREATERTHAN', { op: '>', mirrored: '<' }],
  ['COMPARE_GREATERTHANOREQUALTO', { op: '>=', mirrored: '<=' }],
]);

const filterOf = (condition: Node, table: Node): Filter[] => {
  const filter = (column: unknown, op: Operator, values: readonly unknown[]): Filter[] => {
    const name = columnOf(column, table);
    const constants = values.map(constantOf);
    const known = constants.filter((constant) => constant !== undefined);
    return name === undefined || known.length < constants.length ? [] : [{ column: name, op, values: known }];
  };
  const operators = OPERATORS.get(condition.type);
  if (operators !== undefined)
    return [
      ...filter(condition.left, operators.op, [condition.right]),
      ...filter(condition.right, operators.mirrored, [condition.left]),
    ];
  if (condition.type === 'COMPARE_BETWEEN')
    return [
      ...filter(condition.input, '>=', [condition.lower]),
      ...filter(condition.input, '<=', [condition.upper]),
    ];
  if (condition.type !== 'COMPARE_IN' || !Array.isArray(condition.children)) return [];
  const [column, ...values] = condition.children;
  return filter(column, '=', values);
};

/** The name of a column of the table. In `s.day`, `s` must be the table's alias or name: otherwise it is a struct. */
const columnOf = (expression: unknown, table: Node): string | undefined => {
  if (!isNode(expression) || expression.type !== 'COLUMN_REF' || !Array.isArray(expression.column_names))
    return undefined;
  const names: unknown[] = expression.column_names;
  const called = lower(table.alias) || lower(table.table_name);
  if (names.length > 2 || (names.length === 2 && lower(names[0]) !== called)) return undefined;
  const name = names.at(-1);
  return typeof name === 'string' ? name : undefined;
};

/** The kinds of constants that are written as casts of text. DuckDB parses `true` as such a cast too. */
const CASTS = new Map<unknown, Exclude<Constant['kind'], 'integer' | 'decimal' | 'text'>>([
  ['BOOLEAN', 'boolean'],
  ['DATE', 'date'],
  ['TIMESTAMP', 'timestamp'],
  ['TIMESTAMP WITH TIME ZONE', 'timestamptz'],
]);

const constantOf = (expression: unknown): Constant | undefined => {
  if (!isNode(expression)) return undefined;
  if (expression.type === 'VALUE_CONSTANT' && isNode(expression.value))
    return plainConstant(expression.value);
  if (expression.type !== 'OPERATOR_CAST' || expression.try_cast !== false) return undefined;
  const kind = isNode(expression.cast_type) ? CASTS.get(expression.cast_type.id) : undefined;
  const text = constantOf(expression.child);
  if (kind === undefined || text?.kind !== 'text') return undefined;
  return { kind, sql: `CAST(${text.sql} AS ${kind})` };
};

const plainConstant = ({ type, value, is_null: isNull }: Node): Constant | undefined => {
  if (!isNode(type) || isNull !== false) return undefined;
  if (type.id === 'VARCHAR' && typeof value === 'string') return { kind: 'text', sql: literal(value) };
  // JSON.parse has already rounded a number that JavaScript cannot hold exactly.
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return undefined;
  if (type.id === 'INTEGER' || type.id === 'BIGINT') return { kind: 'integer', sql: String(value) };
  const scale = type.id === 'DECIMAL' && isNode(type.type_info) ? type.type_info.scale : undefined;
  return typeof scale === 'number' ? { kind: 'decimal', sql: decimalText(value, scale) } : undefined;
};

/** The decimal with all its digits, because DuckDB derives the type of a constant from them. */
const decimalText = (unscaled: number, scale: number): string => {
  const digits = String(Math.abs(unscaled)).padStart(scale + 1, '0');
  const at = digits.length - scale;
  return `${unscaled < 0 ? '-' : ''}${digits.slice(0, at)}.${digits.slice(at)}`;
};
