import type { MaintainedTable } from './maintain.ts';
import type { TableSummary } from './maintain-table.ts';

/** The result of one table, as `maintain` prints and returns it in JSON. */
export type TableReport = Pick<MaintainedTable, 'zone' | 'table'> &
  Partial<TableSummary> & { error?: { name: string; message: string } };

/**
 * The results of all tables, and the error with which maintenance ends: that of the table if one failed, an AggregateError
 * that names all if several did.
 */
export const maintenanceReport = (
  done: readonly MaintainedTable[],
): { tables: TableReport[]; failure: Error | undefined } => {
  const tables = done.map(({ zone, table, summary, error }) => ({
    zone,
    table,
    ...summary,
    ...(error && { error: { name: error.name, message: error.message } }),
  }));
  const errors = done.flatMap(({ error }) => error ?? []);
  const messages = tables.flatMap(({ zone, table, error }) =>
    error === undefined ? [] : [`${zone}.${table}: ${error.name}: ${error.message}`],
  );
  const failure = errors.length > 1 ? new AggregateError(errors, messages.join('\n')) : errors[0];
  return { tables, failure };
};
