import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { RunKeys } from './run-keys.ts';
import type { StepMetrics } from './step-metrics.ts';

const metrics = new Metrics();

const unitOf = (name: string): (typeof MetricUnit)[keyof typeof MetricUnit] => {
  if (name.startsWith('Bytes')) return MetricUnit.Bytes;
  if (name === 'Duration') return MetricUnit.Milliseconds;
  if (['Score', 'Cost', 'QuarantineExcess'].includes(name)) return MetricUnit.NoUnit;
  return MetricUnit.Count;
};

/** One line of the log; nothing where there is no metric. */
const publishBy = (dimensions: Record<string, string>, values: Record<string, number>): void => {
  if (Object.keys(values).length === 0) return;
  for (const [name, value] of Object.entries(dimensions)) metrics.addDimension(name, value);
  for (const [name, value] of Object.entries(values)) metrics.addMetric(name, unitOf(name), value);
  metrics.publishStoredMetrics();
};

/** Publishes through the log, in CloudWatch's embedded metric format, which needs no request and no permission. */
export const publish = (
  state: string,
  run: RunKeys | undefined,
  values: StepMetrics,
  detailed: boolean,
): void => {
  const dataset = run?.dataset ?? 'none';
  publishBy({}, values.service);
  publishBy({ dataset }, values.dataset);
  if (detailed) publishBy({ state, dataset }, values.step);
};
