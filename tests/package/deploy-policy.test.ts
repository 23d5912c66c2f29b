import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ZONES } from '../../shared/lake/paths.ts';
import { bucketOf, type Json, ofType, resource } from './template.ts';

interface Statement {
  Action: string | string[];
  Resource: string | string[];
}

const { Statement: statements } = JSON.parse(
  readFileSync(path.resolve(__dirname, '../../docs/deploy-policy.json'), 'utf8'),
) as { Statement: Statement[] };

const matches = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(text);

const allows = (action: string, arn: string): boolean =>
  statements.some(
    ({ Action, Resource }) =>
      [Action].flat().some((pattern) => matches(pattern, action)) &&
      [Resource].flat().some((pattern) => matches(pattern, arn)),
  );

const IN_ACCOUNT = 'eu-west-1:123456789012';

test.each(ofType('AWS::CloudWatch::Alarm'))('allows to create %s', (_, { Properties }) => {
  expect(
    allows('cloudwatch:PutMetricAlarm', `arn:aws:cloudwatch:${IN_ACCOUNT}:alarm:${Properties.AlarmName}`),
  ).toBe(true);
});

const nameOf = (value: Json | undefined): string => {
  const { 'Fn::Sub': text } = value as { 'Fn::Sub': string };
  return text.replace(`\${AWS::AccountId}`, '123456789012');
};

test.each(ZONES)(
  'allows to version the bucket of %s and to expire versions, with a region in its name or not',
  (zone) => {
    const name = nameOf(resource(bucketOf(zone)).Properties.BucketName);
    for (const bucket of [name, name.replace(/-(\d+)$/, '-eu-west-1-$1')])
      for (const action of ['s3:PutBucketVersioning', 's3:PutLifecycleConfiguration'])
        expect(allows(action, `arn:aws:s3:::${bucket}`)).toBe(true);
  },
);

test('allows a destination of failed calls, a policy of the stack, and the way out of an update that failed', () => {
  const { FunctionName } = resource('MaintainLambdaFunction').Properties;
  const maintain = `arn:aws:lambda:${IN_ACCOUNT}:function:${FunctionName}`;
  expect(allows('lambda:PutFunctionEventInvokeConfig', maintain)).toBe(true);
  const stack = `arn:aws:cloudformation:${IN_ACCOUNT}:stack/duckstep-dev/some-id`;
  for (const action of ['SetStackPolicy', 'ContinueUpdateRollback', 'RollbackStack'])
    expect(allows(`cloudformation:${action}`, stack)).toBe(true);
  expect(allows('cloudformation:SetStackPolicy', stack.replace('duckstep-dev', 'other'))).toBe(false);
});

test('allows to read the tag of the state machine, by which commands find the buckets', () => {
  const pipeline = `arn:aws:states:${IN_ACCOUNT}:stateMachine:duckstep-dev-pipeline`;
  expect(allows('states:ListTagsForResource', pipeline)).toBe(true);
  expect(resource('Pipeline').Properties.Tags).toContainEqual({ Key: 'regionInBucketNames', Value: 'false' });
});

test('allows to replay files: to list the versions of raw, and to start executions', () => {
  const raw = nameOf(resource(bucketOf('raw')).Properties.BucketName);
  expect(allows('s3:ListBucketVersions', `arn:aws:s3:::${raw}`)).toBe(true);
  const pipeline = `arn:aws:states:${IN_ACCOUNT}:stateMachine:duckstep-dev-pipeline`;
  for (const action of ['StartExecution', 'ListExecutions'])
    expect(allows(`states:${action}`, pipeline)).toBe(true);
  const execution = `arn:aws:states:${IN_ACCOUNT}:execution:duckstep-dev-pipeline:replay-1`;
  expect(allows('states:DescribeExecution', execution)).toBe(true);
});
