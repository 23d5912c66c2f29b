import { S3Client } from '@aws-sdk/client-s3';
import { ListTagsForResourceCommand, paginateListStateMachines, SFNClient } from '@aws-sdk/client-sfn';
import { ConfigurationError } from '../../shared/errors.ts';
import { type Lake, ZONES } from '../../shared/lake/paths.ts';
import { S3Store } from '../../shared/lake/storage/s3-store.ts';
import { regionOf } from './region.ts';

/** `service` in serverless.yml. */
const SERVICE = 'duckstep';

/** The resources of one deployed stage, in the account of the environment's credentials. */
export interface Deployment {
  sfn: SFNClient;
  stateMachineArn: string;
  lake: Lake;
}

/**
 * Finds a stage by the names that serverless.yml gives to its resources.
 *
 * @throws ConfigurationError when the region has no such stage
 */
export const openDeployment = async (stage: string, env: NodeJS.ProcessEnv): Promise<Deployment> => {
  const region = regionOf(env);
  // Requests are paced, but others in this account may use up the quota too.
  const sfn = new SFNClient({ region, maxAttempts: 8 });
  const name = `${SERVICE}-${stage}-pipeline`;
  const stateMachineArn = await findStateMachine(sfn, name);
  if (stateMachineArn === undefined)
    throw new ConfigurationError(
      `There is no state machine ${name} in ${region}. Deploy it with \`npx sls deploy --stage ${stage}\`, or set AWS_REGION.`,
    );
  const account = stateMachineArn.split(':')[4];
  const owner = (await hasRegionInBucketNames(sfn, stateMachineArn)) ? `${region}-${account}` : account;
  const s3 = new S3Client({ region, maxAttempts: 6 });
  const stores = ZONES.map((zone) => [zone, new S3Store(s3, `${SERVICE}-${stage}-${zone}-${owner}`)]);
  return { sfn, stateMachineArn, lake: Object.fromEntries(stores) as Lake };
};

/** The deployment's parameter, which serverless/state-machine.yml keeps as a tag. */
const hasRegionInBucketNames = async (client: SFNClient, resourceArn: string): Promise<boolean> => {
  const { tags = [] } = await client.send(new ListTagsForResourceCommand({ resourceArn }));
  return tags.some(({ key, value }) => key === 'regionInBucketNames' && value === 'true');
};

const findStateMachine = async (client: SFNClient, name: string): Promise<string | undefined> => {
  for await (const { stateMachines = [] } of paginateListStateMachines({ client }, {})) {
    const found = stateMachines.find((each) => each.name === name);
    if (found !== undefined) return found.stateMachineArn;
  }
  return undefined;
};
