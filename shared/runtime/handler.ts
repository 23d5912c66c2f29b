import type { Context } from 'aws-lambda';
import type { Step } from './step.ts';

/**
 * The handler that Lambda calls for a step. The first invocation loads the code that only Lambda needs (the AWS SDK,
 * telemetry). Importing a function file on a laptop therefore costs nothing and does nothing.
 *
 * @param state the state's name in the state machine
 */
export const lambdaHandler = (state: string, step: Step) => {
  // A function's file calls this last, when all its imports are loaded. Lambda charges for that time.
  let initMs: number | undefined = performance.now();
  return async (event: unknown, context: Context): Promise<unknown> => {
    const invocation = { began: performance.now(), ...(initMs !== undefined && { initMs }) };
    initMs = undefined;
    const { invoke } = await import('./invoke.ts');
    return await invoke(state, step, event, context, invocation);
  };
};
