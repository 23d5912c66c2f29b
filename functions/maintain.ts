import { maintain } from '../shared/maintenance/maintain.ts';
import { maintenanceReport, type TableReport } from '../shared/maintenance/maintenance-report.ts';
import type { Usage } from '../shared/run/payload.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import type { StepContext } from '../shared/runtime/step.ts';
import { meter } from '../shared/runtime/usage.ts';

/**
 * Maintains the tables of silver and gold. A schedule calls it, with an event that holds no input; it is not a state of
 * the pipeline. Failures are thrown when all tables are done.
 *
 * @throws AggregateError when several tables failed; when one failed, the error of that table
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
