import { createHash } from 'node:crypto';
import type { Contract } from '../../shared/contract/model.ts';
import { failureReason } from '../../shared/engine/failure-reason.ts';
import { ident } from '../../shared/engine/sql.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import { UsageError } from '../../shared/errors.ts';
import { silverColumns } from '../../shared/stages/transform/silver-table.ts';

/** A condition over the rows of a silver table. */
export interface Condition {
  sql: string;
  /** Names of the columns that it uses, in lower case. */
  columns: ReadonlySet<string>;
  /** SHA-256, in hex. */
  hash: string;
}

type Node = Readonly<Record<string, unknown>>;

const WHAT =
  "It takes one SQL condition over the columns of the silver table, like: email = 'a@b.example'. Queries within it are not allowed.";

/**
 * Reads a condition: one SQL expression over the columns of the dataset's silver table, without queries within it.
 *
 * @throws UsageError, whose message holds no value of the condition
 */
export const readCondition = async (db: Db, contract: Contract, text: string): Promise<Condition> => {
  const where = await parsed(db, text);
  const nodes = [...nodesIn(where)];
  if (nodes.some((node) => node.class === 'SUBQUERY'))
    throw new UsageError(`--where has a query in it. ${WHAT}`);
  const columns = nodes.flatMap((node) =>
    node.class === 'COLUMN_REF' && Array.isArray(node.column_names) ? [lastOf(node.column_names)] : [],
  );
  // A row without values: texts of the condition that do not fit a column fail here, and not among rows.
  const empty = silverColumns(contract).map(({ name, type }) => `CAST(NULL AS ${type}) AS ${ident(name)}`);
  try {
    await db.run('CREATE SCHEMA IF NOT EXISTS silver');
    await db.run(`CREATE OR REPLACE VIEW silver.${ident(contract.dataset)} AS SELECT ${empty.join(', ')}`);
    await db.all(`SELECT 1 FROM silver.${ident(contract.dataset)} WHERE (\n${text}\n)`);
  } catch (error) {
    throw new UsageError(`--where cannot be evaluated: ${failureReason(error)}. ${WHAT}`, { cause: error });
  }
  return {
    sql: text,
    columns: new Set(columns),
    hash: createHash('sha256').update(text).digest('hex'),
  };
};

/** The tree of the condition. Text that is more, or less, than one expression gives another query than it stands in. */
const parsed = async (db: Db, text: string): Promise<Node> => {
  const { tree } = await db.one<{ tree: string }>('SELECT json_serialize_sql($1::VARCHAR) AS tree', [
    `SELECT * FROM silver WHERE (\n${text}\n)`,
  ]);
  const alone = await db.one<{ tree: string }>('SELECT json_serialize_sql($1::VARCHAR) AS tree', [
    `SELECT [\n${text}\n] FROM silver`,
  ]);
  const [statement, ...others] = statementsIn(tree);
  const node = statement?.node as Node | undefined;
  const isPlain =
    others.length === 0 &&
    node?.type === 'SELECT_NODE' &&
    isNode(node.where_clause) &&
    isEmpty(node.modifiers) &&
    isEmpty(node.group_expressions) &&
    node.having === null &&
    node.qualify === null &&
    node.sample === null &&
    statementsIn(alone.tree).length === 1;
  if (!isPlain) throw new UsageError(`--where is not one SQL expression. ${WHAT}`);
  return node.where_clause as Node;
};

const statementsIn = (tree: string): Node[] => {
  const { error, statements } = JSON.parse(tree) as Node;
  return error === true || !Array.isArray(statements) ? [] : statements.filter(isNode);
};

const lastOf = (names: readonly unknown[]): string => String(names.at(-1)).toLowerCase();

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function* nodesIn(value: unknown): Generator<Node> {
  if (isNode(value)) yield value;
  if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) yield* nodesIn(part);
}
