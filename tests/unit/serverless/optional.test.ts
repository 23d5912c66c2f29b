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
  quarantineDays: '',
  'sls:stage': 'prod',
  'self:service': 'duckstep',
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

describe('the names of the buckets', () => {
  const raw = async (parameters: Parameters): Promise<unknown> =>
    ((await optional.bucketNames(context(parameters))) as { raw: { 'Fn::Sub': string } }).raw['Fn::Sub'];

  test('stay what they were for stages that are deployed', async () => {
    expect(await raw({})).toBe(`duckstep-prod-raw-\${AWS::AccountId}`);
  });

  test('have the region on demand, so that the same stage can be in two regions', async () => {
    expect(await raw({ regionInBucketNames: 'true' })).toBe(
      `duckstep-prod-raw-\${AWS::Region}-\${AWS::AccountId}`,
    );
    expect(`duckstep-${'a'.repeat(15)}-quarantine-ap-southeast-1-123456789012`).toHaveLength(63);
  });

  test('reject a stage that is too long with a region, and what is neither true nor false', async () => {
    const long = { regionInBucketNames: 'true', 'sls:stage': 'a'.repeat(16) };
    await expect(raw(long)).rejects.toThrow(/at most 15 characters, not 16/);
    await expect(raw({ ...long, regionInBucketNames: 'false' })).resolves.toContain('-raw-');
    await expect(raw({ regionInBucketNames: 'yes' })).rejects.toThrow(/must be true or false/);
  });
});

test('keeps versions of tables for some days, or none', async () => {
  expect(await optional.tableVersioning(context({}))).toEqual({ Status: 'Enabled' });
  expect(await optional.tableVersionsDays(context({}))).toBe(14);
  const none = context({ tableVersionsDays: '0' });
  expect(await optional.tableVersioning(none)).toEqual({ Status: 'Suspended' });
  expect(await optional.tableVersionsDays(none)).toBe(1);
  for (const wrong of ['', '-1', '366', 'few'])
    await expect(optional.tableVersionsDays(context({ tableVersionsDays: wrong }))).rejects.toThrow(
      /tableVersionsDays must be/,
    );
});

test('deletes what lies in quarantine for some days, or keeps it', async () => {
  expect(await optional.quarantineExpiry(context({}))).toEqual(NOTHING);
  expect(await optional.quarantineExpiry(context({ quarantineDays: '90' }))).toEqual({
    ...{ Id: 'expired', Status: 'Enabled', ExpirationInDays: 90 },
  });
  for (const wrong of ['0', '-1', '1.5', 'few'])
    await expect(optional.quarantineExpiry(context({ quarantineDays: wrong }))).rejects.toThrow(
      /quarantineDays must be/,
    );
});
