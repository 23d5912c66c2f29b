import type { MaintainedTable } from './maintain.ts';
import type { TableSummary } from './maintain-table.ts';

/** The result of one table, as `maintain` prints and returns it in JSON. In quarantine, a table is a dataset's folder. */
export type TableReport = {
  zone: MaintainedTable['zone'] | 'quarantine';
  table: string;
  /** Refused rows and reports that were removed for their age. */
  objects_expired?: number;
} & Partial<TableSummary> & { error?: { name: string; message: string } };

/**
 * Reports each table, and the error to end with: the error of the only table that failed, or an AggregateError that names
 * all of them.
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
