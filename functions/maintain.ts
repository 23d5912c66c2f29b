import { counted } from '../shared/lake/catalog/catalog.ts';
import { metered } from '../shared/lake/storage/metered-store.ts';
import { maintain } from '../shared/maintenance/maintain.ts';
import { maintenanceReport } from '../shared/maintenance/report.ts';
import type { Usage } from '../shared/run/payload.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import type { StepContext } from '../shared/runtime/step.ts';
import { usageOf } from '../shared/runtime/usage.ts';

/**
 * Keeps the tables of silver and gold in order. A schedule calls it, with an event that says nothing; it is no state
 * of the pipeline. Tables that fail are reported when all the others are done.
 *
 * @throws what the only table that failed threw, or an AggregateError that names all
 */
export const maintainTables = async (
  _event: unknown,
  { lake, config, catalog, invocation }: StepContext,
): Promise<{ tables: ReturnType<typeof maintenanceReport>['tables']; usage: Usage }> => {
  const began = invocation?.began ?? performance.now();
  const [silver, gold] = [metered(lake.silver), metered(lake.gold)];
  const pointed = catalog && counted(catalog);
  const done = await maintain({ lake: { silver, gold }, config, ...(pointed && { catalog: pointed }) });
  const { tables, failure } = maintenanceReport(done);
  if (failure !== undefined) throw failure;
  const stores = [silver.usage, gold.usage];
  const used = { config, ...(invocation && { invocation }) };
  return { tables, usage: usageOf(used, began, { stores, catalog: pointed?.requests() ?? 0 }) };
};

export const handler = lambdaHandler('Maintain', maintainTables);
