import { z } from 'zod';
import { ConfigurationError } from '../../errors.ts';

/** Settings of the metrics that are published. The log holds all measurements. */
export interface MetricSettings {
  /** Whether every measure is published by state and dataset, about 30 metrics a dataset. */
  detailed: boolean;
  /** Share of files quarantined whole, in percent, from which a dataset's alarm counts upwards. */
  alarmPercent: number;
}

const Environment = z.object({
  DUCKSTEP_DETAILED_METRICS: z.enum(['true', 'false']).default('false'),
  DUCKSTEP_QUARANTINE_ALARM_PERCENT: z.coerce.number().gt(0).lt(100).default(20),
});

/** @throws ConfigurationError naming every variable that is wrong */
export const metricSettingsFromEnv = (env: NodeJS.ProcessEnv): MetricSettings => {
  const parsed = Environment.safeParse(env);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigurationError(`Environment variables cannot be used: ${wrong.join('; ')}.`);
  }
  return {
    detailed: parsed.data.DUCKSTEP_DETAILED_METRICS === 'true',
    alarmPercent: parsed.data.DUCKSTEP_QUARANTINE_ALARM_PERCENT,
  };
};
