import { maintain } from '../shared/maintenance/maintain.ts';
import { maintenanceReport, type TableReport } from '../shared/maintenance/maintenance-report.ts';
import type { Executions } from '../shared/replay/executions.ts';
import { type MissingReport, replayMissing } from '../shared/replay/replay-missing.ts';
import type { Usage } from '../shared/run/payload.ts';
import { executionsFromEnv } from '../shared/runtime/executions.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import type { StepContext } from '../shared/runtime/step.ts';
import { meter } from '../shared/runtime/usage.ts';

interface Maintained {
  tables: TableReport[];
  /** Absent where nothing was looked for. */
  missing?: MissingReport;
  usage: Usage;
}

/**
 * Starts the files of the last days that never ran, and maintains the tables of silver and gold. A schedule calls it, with
 * an event that holds no input; it is not a state of the pipeline. Failures are thrown when all is done.
 *
 * @throws AggregateError when several parts failed; when one failed, the error of that part
 */
export const maintainTables = async (
  _event: unknown,
  { executions, ...context }: StepContext & { executions?: Executions | undefined },
): Promise<Maintained> => {
  const { usage, ...metered } = meter(context);
  const { config } = context;
  const days = config.missingDays ?? 0;
  const [missing] = await Promise.allSettled([
    executions && days > 0 ? replayMissing({ ...metered, config, executions, days }) : undefined,
  ]);
  const done = await maintain({ ...metered, config });
  const { tables, failure } = maintenanceReport(done);
  if (missing.status === 'rejected') throw both(missing.reason, failure);
  if (failure !== undefined) throw failure;
  return { tables, ...(missing.value && { missing: missing.value }), usage: usage() };
};

/** The search's error, with that of the tables where there is one. */
const both = (search: unknown, tables: Error | undefined): unknown => {
  if (tables === undefined) return search;
  const text = search instanceof Error ? `${search.name}: ${search.message}` : String(search);
  return new AggregateError([search, tables], `Looking for files that never ran: ${text}\n${tables.message}`);
};

export const handler = lambdaHandler('Maintain', async (event, context) =>
  maintainTables(event, { ...context, executions: await executionsFromEnv(process.env) }),
);
