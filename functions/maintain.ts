import { maintain } from '../shared/maintenance/maintain.ts';
import { summedUp } from '../shared/maintenance/summed-up.ts';
import { lambdaHandler } from '../shared/steps/lambda.ts';
import type { Usage } from '../shared/steps/payload.ts';
import type { StepContext } from '../shared/steps/step.ts';
import { metered } from '../shared/storage/metered-store.ts';

/**
 * Keeps the tables of silver and gold in order. A schedule calls it, with an event that says nothing; it is no state
 * of the pipeline. Tables that fail are reported when all the others are done.
 *
 * @throws what the only table that failed threw, or an AggregateError that names all
 */
export const maintainTables = async (
  _event: unknown,
  { lake, config, catalog }: StepContext,
): Promise<{ tables: ReturnType<typeof summedUp>['tables']; usage: Usage }> => {
  const started = performance.now();
  const [silver, gold] = [metered(lake.silver), metered(lake.gold)];
  const done = await maintain({ lake: { silver, gold }, config, ...(catalog && { catalog }) });
  const { tables, failure } = summedUp(done);
  if (failure !== undefined) throw failure;
  const sum = (of: (usage: (typeof silver)['usage']) => number): number => of(silver.usage) + of(gold.usage);
  return {
    tables,
    usage: {
      duration_ms: Math.round(performance.now() - started),
      memory_mb: config.memoryMb,
      requests: sum(({ requests }) => Object.values(requests).reduce((a, b) => a + b, 0)),
      bytes_read: sum(({ bytesRead }) => bytesRead),
      bytes_written: sum(({ bytesWritten }) => bytesWritten),
    },
  };
};

export const handler = lambdaHandler('Maintain', maintainTables);
