import { setImmediate } from 'node:timers/promises';
import { types } from 'node:util';
import type { StateMachine } from 'aws-local-stepfunctions';
import type { Step, StepContext } from '../../shared/runtime/step.ts';

/** Step Functions passes on so many bytes of JSON and no more. */
const PAYLOAD_LIMIT = 256 * 1024;

type Json = Parameters<StateMachine['run']>[0];

/**
 * A step as Step Functions sees a Lambda function: JSON goes in, JSON comes out, neither of more than 256 KiB,
 * and of an error only its name and a JSON text with its message are left.
 */
export const invokeAsLambda =
  (state: string, step: Step, context: StepContext) =>
  async (input: Json): Promise<Json> => {
    // The engine hands its events on through promises: one turn of the event loop later all are on disk.
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

/** As Lambda's Node.js runtime reports what a handler throws. */
const asReported = (thrown: unknown): Error => {
  const error = types.isNativeError(thrown) ? thrown : new Error(String(thrown));
  const report = {
    errorType: error.name,
    errorMessage: error.message,
    trace: (error.stack ?? '').split('\n'),
  };
  return named(error.name, JSON.stringify(report));
};

/** The engine takes an error's message for its Cause, as long as it has no `cause` of its own. */
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
