import optional from '../../../serverless/optional.cjs';

type Parameters = Record<string, string>;
const NONE = {
  kmsKeyArn: '',
  alarmEmail: '',
  vpcSubnetIds: '',
  vpcSecurityGroupIds: '',
  athenaScanLimitMb: '',
  bucketsOnRemoval: 'Retain',
  maintenanceAlarmHours: '',
  maintenanceSchedule: 'rate(1 day)',
  regionInBucketNames: 'false',
  tableVersionsDays: '14',
  'sls:stage': 'prod',
};
const NOTHING = { Ref: 'AWS::NoValue' };

/** The context that the framework passes, with these parameters. */
const context = (parameters: Parameters) => ({
  resolveVariable: async (address: string) => ({ ...NONE, ...parameters })[address.replace('param:', '')],
});

const key = 'arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-3333-4444-555555555555';

test('leaves out every part that no parameter asks for', async () => {
  expect(await optional.vpc(context({}))).toBeNull();
  expect(await optional.networkStatement(context({}))).toEqual(NOTHING);
  expect(await optional.keyStatement(context({}))).toEqual(NOTHING);
  expect(await optional.subscription(context({}))).toEqual(NOTHING);
  expect(await optional.scanLimit(context({}))).toEqual(NOTHING);
  expect(await optional.resultsEncryption(context({}))).toEqual({ EncryptionOption: 'SSE_S3' });
  expect(await optional.encryption(context({}))).toEqual({
    ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
  });
});

test('encrypts with a key, and lets the functions use that key alone', async () => {
  expect(await optional.encryption(context({ kmsKeyArn: key }))).toEqual({
    ServerSideEncryptionConfiguration: [
      {
        ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key },
        BucketKeyEnabled: true,
      },
    ],
  });
  expect(await optional.keyStatement(context({ kmsKeyArn: key }))).toMatchObject({ Resource: key });
});

test('encrypts what queries answer with the same key', async () => {
  expect(await optional.resultsEncryption(context({ kmsKeyArn: key }))).toEqual({
    EncryptionOption: 'SSE_KMS',
    KmsKey: key,
  });
});

test('limits what a query may read, to no less than Athena can', async () => {
  expect(await optional.scanLimit(context({ athenaScanLimitMb: '10' }))).toBe(10_485_760);
  for (const wrong of ['9', 'much'])
    await expect(optional.scanLimit(context({ athenaScanLimitMb: wrong }))).rejects.toThrow(/at least 10/);
});

test('joins a VPC, with the rights for it', async () => {
  const inVpc = context({ vpcSubnetIds: 'subnet-1, subnet-2', vpcSecurityGroupIds: 'sg-1' });
  expect(await optional.vpc(inVpc)).toEqual({
    subnetIds: ['subnet-1', 'subnet-2'],
    securityGroupIds: ['sg-1'],
  });
  expect(await optional.networkStatement(inVpc)).toMatchObject({ Sid: 'JoinVpc' });
});

test('rejects half a VPC', async () => {
  await expect(optional.vpc(context({ vpcSubnetIds: 'subnet-1' }))).rejects.toThrow(/belong together/);
});

test('subscribes an address', async () => {
  expect(await optional.subscription(context({ alarmEmail: 'data@example.com' }))).toEqual([
    { Protocol: 'email', Endpoint: 'data@example.com' },
  ]);
});

test('keeps buckets, except those of a first deployment that fails', async () => {
  expect(await optional.bucketDeletion(context({}))).toBe('RetainExceptOnCreate');
  expect(await optional.bucketDeletion(context({ bucketsOnRemoval: 'Delete' }))).toBe('Delete');
  await expect(optional.bucketDeletion(context({ bucketsOnRemoval: 'Keep' }))).rejects.toThrow(
    'bucketsOnRemoval must be Retain or Delete, not "Keep".',
  );
});

test.each(['Prod', 'a'.repeat(31), 'my_stage', '-a'])(
  'rejects %s as a stage: it cannot be part of a bucket name',
  async (stage) => {
    await expect(optional.bucketDeletion(context({ 'sls:stage': stage }))).rejects.toThrow(
      /at most 30 characters/,
    );
    expect(`duckstep-${'a'.repeat(30)}-quarantine-123456789012`).toHaveLength(63);
  },
);

test.each([
  [{}, 48],
  [{ maintenanceSchedule: 'rate(6 hours)' }, 12],
  [{ maintenanceSchedule: 'rate(30 minutes)' }, 2],
  [{ maintenanceSchedule: 'rate(3 days)' }, 144],
  [{ maintenanceSchedule: 'cron(0 3 * * ? *)', maintenanceAlarmHours: '30' }, 30],
])('sounds the alarm when maintenance did not run twice: %j', async (parameters: Parameters, hours) => {
  expect(await optional.maintenanceAlarmHours(context(parameters))).toBe(hours);
});

test.each([
  [{ maintenanceSchedule: 'cron(0 3 * * ? *)' }, /must be given: "cron/],
  [{ maintenanceSchedule: 'rate(4 days)' }, /1 to 168 hours/],
  [{ maintenanceAlarmHours: 'some' }, /1 to 168 hours/],
])('rejects hours that no alarm can look back: %j', async (parameters: Parameters, message) => {
  await expect(optional.maintenanceAlarmHours(context(parameters))).rejects.toThrow(message);
});
