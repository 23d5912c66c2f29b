import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { removeLeftovers } from '../engine/scratch.ts';
import { DataError, TransientError } from '../errors.ts';
import { contextFromEnv, s3Client } from './environment.ts';
import type { Step, StepContext } from './step.ts';
import { metricSettingsFromEnv } from './telemetry/metric-settings.ts';
import { publish } from './telemetry/publish.ts';
import { type RunKeys, runIdIn, runKeysOf } from './telemetry/run-keys.ts';
import { metricsOf } from './telemetry/step-metrics.ts';

const logger = new Logger();

let opened: Promise<StepContext> | undefined;

/** Reads the configuration, connects to the lake, and clears the disk of what a killed invocation left there. */
const open = async (): Promise<StepContext> => {
  const context = contextFromEnv(process.env, s3Client());
  await removeLeftovers(context.config.scratchRoot);
  return context;
};

/** Opens once per instance of the function. After a failure the next invocation tries again. */
const openOnce = async (): Promise<StepContext> => {
  opened ??= open().catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return await opened;
};

/**
 * Runs a step for Lambda: one log line when it starts and one when it ends, with metrics. An error of the step is logged by
 * name and message and thrown unchanged, because Retry and Catch match on its name. Traces are made by Lambda and Step
 * Functions themselves; a log line's `xray_trace_id` leads to its trace.
 */
export const invoke = async (
  state: string,
  step: Step,
  event: unknown,
  context: Context,
  invocation: NonNullable<StepContext['invocation']>,
): Promise<unknown> => {
  const run = runKeysOf(event);
  logger.addContext(context);
  logger.appendKeys({ state, ...run });
  try {
    logger.info('Step started');
    const { detailed, alarmPercent } = metricSettingsFromEnv(process.env);
    const output = await step(event, { ...(await openOnce()), invocation });
    logger.appendKeys(runIdIn(output));
    const metrics = metricsOf(output, alarmPercent);
    logger.info('Step ended', { measures: metrics.step, ...reported(output) });
    publish(state, run, metrics, detailed);
    return output;
  } catch (error) {
    report(error, run, Math.round(performance.now() - invocation.began));
    throw error;
  } finally {
    logger.resetKeys();
  }
};

/** Maintain's findings about files that never ran, for the log: the output of a scheduled call goes nowhere. */
const reported = (output: unknown): { missing?: unknown } =>
  typeof output === 'object' && output !== null && 'missing' in output ? { missing: output.missing } : {};

/**
 * Bad data is a normal day, so it is logged as a warning. Messages hold no row contents; causes might, and are left out.
 */
const report = (thrown: unknown, run: RunKeys | undefined, duration_ms: number): void => {
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  const expected = thrown instanceof DataError || thrown instanceof TransientError;
  const line = {
    failure: { name, message },
    duration_ms,
    ...(run === undefined && { input: 'none' }),
  };
  if (expected) logger.warn('Step rejected the file, or will be retried', line);
  else logger.error('Step failed', line);
};
