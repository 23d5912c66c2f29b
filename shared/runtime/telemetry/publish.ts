import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { RunKeys } from './run-keys.ts';
import type { StepMetrics } from './step-metrics.ts';

const metrics = new Metrics();

const unitOf = (name: string): (typeof MetricUnit)[keyof typeof MetricUnit] => {
  if (name.startsWith('Bytes')) return MetricUnit.Bytes;
  if (name === 'Duration') return MetricUnit.Milliseconds;
  if (name === 'Score' || name === 'Cost') return MetricUnit.NoUnit;
  return MetricUnit.Count;
};

/** Publishes through the log, in CloudWatch's embedded metric format, which needs no request and no permission. */
export const publish = (state: string, run: RunKeys | undefined, values: StepMetrics): void => {
  metrics.addDimension('state', state);
  metrics.addDimension('dataset', run?.dataset ?? 'none');
  for (const [name, value] of Object.entries(values.step)) metrics.addMetric(name, unitOf(name), value);
  metrics.publishStoredMetrics();
  for (const [name, value] of Object.entries(values.service))
    metrics.singleMetric().addMetric(name, unitOf(name), value);
};
