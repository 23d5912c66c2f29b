import { Logger } from '@aws-lambda-powertools/logger';
import { Tracer } from '@aws-lambda-powertools/tracer';
import type { Context } from 'aws-lambda';
import { removeLeftovers } from '../engine/scratch.ts';
import { DataError, TransientError } from '../errors.ts';
import { contextFromEnv, s3Client } from './environment.ts';
import type { Step, StepContext } from './step.ts';
import { measuresOf } from './telemetry/measures.ts';
import { publish } from './telemetry/metrics.ts';
import { type Subject, subjectOf } from './telemetry/subject.ts';
import { traced } from './telemetry/traced.ts';

const logger = new Logger();
const tracer = new Tracer({ captureHTTPsRequests: false });

let opened: Promise<StepContext> | undefined;

/** The lake and the configuration, with connections, and a disk without leftovers. */
const open = async (): Promise<StepContext> => {
  const context = contextFromEnv(process.env, tracer.captureAWSv3Client(s3Client()));
  await removeLeftovers(context.config.scratchRoot);
  return context;
};

/** Once per instance of the function; what failed is tried again by the next invocation. */
const openOnce = async (): Promise<StepContext> => {
  opened ??= open().catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return await opened;
};

/**
 * Runs a step for Lambda: one log line when it starts and one when it ends, with metrics and a trace. What the
 * step throws is logged by name and message and leaves as it is: Retry and Catch match on its name.
 */
export const invoke = async (
  state: string,
  step: Step,
  event: unknown,
  context: Context,
  invocation: NonNullable<StepContext['invocation']>,
): Promise<unknown> => {
  const subject = subjectOf(event);
  logger.addContext(context);
  logger.appendKeys({ state, ...subject });
  try {
    logger.info('Step started');
    const output = await traced(tracer, state, subject, async () =>
      step(event, { ...(await openOnce()), invocation }),
    );
    const measures = measuresOf(output);
    logger.info('Step ended', { measures: measures.step });
    publish(state, subject, measures);
    return output;
  } catch (error) {
    report(error, subject, Math.round(performance.now() - invocation.began));
    throw error;
  } finally {
    logger.resetKeys();
  }
};

/** Bad data is a normal day and no error of ours. Messages hold no row contents; causes might, and stay out. */
const report = (thrown: unknown, subject: Subject | undefined, duration_ms: number): void => {
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  const expected = thrown instanceof DataError || thrown instanceof TransientError;
  const line = {
    failure: { name, message },
    duration_ms,
    ...(subject === undefined && { input: 'none' }),
  };
  if (expected) logger.warn('Step refused or put off', line);
  else logger.error('Step failed', line);
};
