import { ListStateMachinesCommand, ListTagsForResourceCommand, SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { openDeployment } from '../../../../operate/aws/deployment.ts';

const ARN = 'arn:aws:states:eu-west-1:123456789012:stateMachine:duckstep-dev-pipeline';
const env = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

const sfn = mockClient(SFNClient);
beforeEach(() => {
  sfn.reset();
  const stateMachines = [
    {
      name: 'duckstep-dev-pipeline',
      stateMachineArn: ARN,
      type: 'STANDARD' as const,
      creationDate: new Date(0),
    },
  ];
  sfn.on(ListStateMachinesCommand).resolves({ stateMachines });
});

test.each([
  ['a stage of an earlier release, without the tag', [], 'duckstep-dev-raw-123456789012'],
  [
    'names without the region',
    [{ key: 'regionInBucketNames', value: 'false' }],
    'duckstep-dev-raw-123456789012',
  ],
  [
    'names with the region',
    [{ key: 'regionInBucketNames', value: 'true' }],
    'duckstep-dev-raw-eu-west-1-123456789012',
  ],
])('finds the buckets of %s', async (_, tags, name) => {
  sfn.on(ListTagsForResourceCommand, { resourceArn: ARN }).resolves({ tags });
  const { lake, stateMachineArn } = await openDeployment('dev', env);
  expect(lake.raw.name).toBe(name);
  expect(stateMachineArn).toBe(ARN);
});

test('a stage that is not there is named', async () => {
  const opening = openDeployment('prod', env);
  await expect(opening).rejects.toMatchObject({ name: 'ConfigurationError' });
  await expect(opening).rejects.toThrow('There is no state machine duckstep-prod-pipeline in eu-west-1.');
});
