import { z } from 'zod';
import { consumed } from '../../run/consumption.ts';
import { Usage } from '../../run/payload.ts';
import { estimateCost } from '../../run/prices.ts';

/** The part of a step's output that metrics are made from. */
const Output = z.object({
  rows: z.union([z.number(), z.record(z.string(), z.number())]).default({}),
  score: z.number().optional(),
  status: z.string().optional(),
  scope: z.string().optional(),
  usage: Usage,
});

export interface StepMetrics {
  /** By state and dataset: `RowsRead`, `RowsAccepted` …, `Score`, `BytesRead`, `BytesWritten`, `Duration`, `Cost`. */
  step: Record<string, number>;
  /** Over all datasets, for alarms, which cannot sum over dimensions: `FilesLoaded`, `FilesQuarantined`. */
  service: Record<string, number>;
}

/** Makes metrics of a step's output, which holds counts and pointers and never rows. */
export const metricsOf = (output: unknown): StepMetrics => {
  const { rows, score, status, scope, usage } = Output.parse(output);
  const counts = typeof rows === 'number' ? { quarantined: rows } : rows;
  const named = Object.entries(counts).map(([name, count]) => [`Rows${capitalised(name)}`, count]);
  return {
    step: {
      ...Object.fromEntries(named),
      ...(score !== undefined && { Score: score }),
      BytesRead: usage.bytes_read,
      BytesWritten: usage.bytes_written,
      Duration: usage.duration_ms,
      Cost: estimateCost({ ...consumed([usage]), transitions: 1 }),
    },
    service: {
      ...(status === 'loaded' && { FilesLoaded: 1 }),
      ...(scope === 'file' && { FilesQuarantined: 1 }),
    },
  };
};

const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
