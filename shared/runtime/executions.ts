import type { Executions } from '../replay/executions.ts';

/** Name of the variable that holds the ARN of the state machine; only Maintain has it. */
export const STATE_MACHINE_VARIABLE = 'DUCKSTEP_STATE_MACHINE';

/** The executions of the deployed state machine; undefined where the environment names none. */
export const executionsFromEnv = async (env: NodeJS.ProcessEnv): Promise<Executions | undefined> => {
  const stateMachineArn = env[STATE_MACHINE_VARIABLE];
  if (!stateMachineArn) return undefined;
  const [{ SFNClient }, { StepFunctionsExecutions }] = await Promise.all([
    import('@aws-sdk/client-sfn'),
    import('../replay/step-functions.ts'),
  ]);
  return new StepFunctionsExecutions(new SFNClient({ maxAttempts: 8 }), stateMachineArn);
};
