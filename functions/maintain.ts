import { maintain } from '../shared/maintenance/maintain.ts';
import { maintenanceReport, type TableReport } from '../shared/maintenance/maintenance-report.ts';
import type { Usage } from '../shared/run/payload.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import type { StepContext } from '../shared/runtime/step.ts';
import { meter } from '../shared/runtime/usage.ts';

/**
 * Keeps the tables of silver and gold in order. A schedule calls it, with an event that holds no input; it is not a
 * state of the pipeline. It throws when all tables are done: the error of the only table that failed, or an
 * AggregateError that names each.
 */
export const maintainTables = async (
  _event: unknown,
  context: StepContext,
): Promise<{ tables: TableReport[]; usage: Usage }> => {
  const { usage, ...metered } = meter(context);
  const done = await maintain({ ...metered, config: context.config });
  const { tables, failure } = maintenanceReport(done);
  if (failure !== undefined) throw failure;
  return { tables, usage: usage() };
};

export const handler = lambdaHandler('Maintain', maintainTables);
