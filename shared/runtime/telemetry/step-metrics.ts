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
  missing: z.object({ found: z.number() }).optional(),
  usage: Usage,
});

export interface StepMetrics {
  /**
   * Every measure: `RowsRead`, `RowsAccepted` …, `Score`, `BytesRead`, `BytesWritten`, `Duration`, `Cost`. The log has them
   * all; as metrics, by state and dataset, they are published on demand only.
   */
  step: Record<string, number>;
  /** Over all datasets: `FilesLoaded`, `FilesQuarantined`, `FilesMissing`, `Cost`, and the counts of rows that the dashboard shows. */
  service: Record<string, number>;
  /** By dataset: `Score`, and `QuarantineExcess` for the alarm. CloudWatch charges for each of them and each dataset. */
  dataset: Record<string, number>;
}

const ROWS_OF_SERVICE = ['RowsRead', 'RowsAccepted', 'RowsRejected', 'RowsDuplicate', 'RowsSilver'];

/**
 * Makes metrics of a step's output, which holds counts and pointers and never rows.
 *
 * @param alarmPercent see `excessOf`
 */
export const metricsOf = (output: unknown, alarmPercent: number): StepMetrics => {
  const { rows, score, status, scope, missing, usage } = Output.parse(output);
  const counts = typeof rows === 'number' ? { quarantined: rows } : rows;
  const named = Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [`Rows${capitalised(name)}`, count]),
  );
  const Cost = estimateCost({ ...consumed([usage]), transitions: 1 });
  const excess = excessOf({ loaded: status === 'loaded', quarantined: scope === 'file' }, alarmPercent);
  return {
    step: {
      ...named,
      ...(score !== undefined && { Score: score }),
      BytesRead: usage.bytes_read,
      BytesWritten: usage.bytes_written,
      Duration: usage.duration_ms,
      Cost,
    },
    service: {
      ...(status === 'loaded' && { FilesLoaded: 1 }),
      ...(scope === 'file' && { FilesQuarantined: 1 }),
      // CloudWatch charges for a metric by the hour in which it is published: not at all while no file is missing.
      ...(missing !== undefined && missing.found > 0 && { FilesMissing: missing.found }),
      ...Object.fromEntries(Object.entries(named).filter(([name]) => ROWS_OF_SERVICE.includes(name))),
      Cost,
    },
    dataset: {
      ...(score !== undefined && { Score: score }),
      ...(excess !== undefined && { QuarantineExcess: excess }),
    },
  };
};

/**
 * By how many files a dataset has more in quarantine than its share allows. An alarm cannot divide one metric by another for
 * each dataset, but it can add: 1 for a file quarantined whole, and `p / (100 - p)` less for a loaded one. The sum is
 * `(100 * quarantined - p * files) / (100 - p)`: above 0 where the share exceeds `p` percent, and as large as the number of
 * files where nothing was loaded.
 */
const excessOf = (
  { loaded, quarantined }: { loaded: boolean; quarantined: boolean },
  alarmPercent: number,
): number | undefined => {
  if (quarantined) return 1;
  return loaded ? -alarmPercent / (100 - alarmPercent) : undefined;
};

const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
