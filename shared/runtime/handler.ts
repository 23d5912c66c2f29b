import type { Context } from 'aws-lambda';
import type { Step } from './step.ts';

/**
 * The handler that Lambda calls for a step. What only Lambda needs (the AWS SDK, telemetry) is loaded by the
 * first invocation and stays: importing a function file on a laptop costs nothing and does nothing.
 *
 * @param state the state's name in the state machine
 */
export const lambdaHandler = (state: string, step: Step) => {
  // The last thing that a function's file does: by now all that it imports is loaded. Lambda charges for that.
  let initMs: number | undefined = performance.now();
  return async (event: unknown, context: Context): Promise<unknown> => {
    const invocation = { began: performance.now(), ...(initMs !== undefined && { initMs }) };
    initMs = undefined;
    const { invoke } = await import('./invoke.ts');
    return await invoke(state, step, event, context, invocation);
  };
};
