import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Measures } from './measures.ts';
import type { Subject } from './subject.ts';

const metrics = new Metrics();

const unitOf = (name: string): (typeof MetricUnit)[keyof typeof MetricUnit] => {
  if (name.startsWith('Bytes')) return MetricUnit.Bytes;
  if (name === 'Duration') return MetricUnit.Milliseconds;
  if (name === 'Score' || name === 'Cost') return MetricUnit.NoUnit;
  return MetricUnit.Count;
};

/** Publishes through the log, in CloudWatch's embedded metric format: no request, no permission. */
export const publish = (state: string, subject: Subject | undefined, measures: Measures): void => {
  metrics.addDimension('state', state);
  metrics.addDimension('dataset', subject?.dataset ?? 'none');
  for (const [name, value] of Object.entries(measures.step)) metrics.addMetric(name, unitOf(name), value);
  metrics.publishStoredMetrics();
  for (const [name, value] of Object.entries(measures.service))
    metrics.singleMetric().addMetric(name, unitOf(name), value);
};
