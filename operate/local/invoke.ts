import { setImmediate } from 'node:timers/promises';
import { types } from 'node:util';
import type { StateMachine } from 'aws-local-stepfunctions';
import type { Step, StepContext } from '../../shared/runtime/step.ts';

/** The largest payload of Step Functions, in bytes of JSON. */
const PAYLOAD_LIMIT = 256 * 1024;

type Json = Parameters<StateMachine['run']>[0];

/**
 * Calls a step as Step Functions calls a Lambda function: input and output are JSON of at most 256 KiB each, and an error
 * becomes its name and a JSON text with its message.
 */
export const invokeAsLambda =
  (state: string, step: Step, context: StepContext) =>
  async (input: Json): Promise<Json> => {
    // The engine passes its events on through promises: one turn of the event loop later all are on disk.
    await setImmediate();
    const payload = limited(`The input of ${state}`, input);
    let output: unknown;
    try {
      output = await step(JSON.parse(payload), context);
    } catch (error) {
      throw asReported(error);
    }
    return JSON.parse(limited(`The output of ${state}`, output)) as Json;
  };

const limited = (what: string, value: unknown): string => {
  const text = JSON.stringify(value ?? null);
  const bytes = Buffer.byteLength(text);
  if (bytes <= PAYLOAD_LIMIT) return text;
  throw named(
    'States.DataLimitExceeded',
    `${what} is ${bytes} bytes long; Step Functions passes on ${PAYLOAD_LIMIT}.`,
  );
};

/** The error that Lambda's Node.js runtime reports for one that a handler throws. */
const asReported = (thrown: unknown): Error => {
  const error = types.isNativeError(thrown) ? thrown : new Error(String(thrown));
  const report = {
    errorType: error.name,
    errorMessage: error.message,
    trace: (error.stack ?? '').split('\n'),
  };
  return named(error.name, JSON.stringify(report));
};

/** The engine uses an error's message as its Cause, unless the error has a `cause`. */
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
