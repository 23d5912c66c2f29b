import type { Session } from '../../cli/session.ts';
import type { Deployment } from './deployment.ts';
import type { DeployedExecutions } from './executions.ts';

/** The AWS SDK is loaded only by who asks for a stage: on a laptop commands start faster without it. */
export const openStage = async ({ env }: Session, stage: string): Promise<Deployment> => {
  const { openDeployment } = await import('./deployment.ts');
  return await openDeployment(stage, env);
};

export const deployedExecutions = async (session: Session, stage: string): Promise<DeployedExecutions> => {
  const { DeployedExecutions } = await import('./executions.ts');
  return new DeployedExecutions(await openStage(session, stage));
};
