/**
 * Parts of the template that depend on a parameter. With `NOTHING`, CloudFormation omits a property or an element of a
 * list.
 */
const NOTHING = { Ref: 'AWS::NoValue' };

const splitList = (text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Reads parameters, all as text. */
const params = async (resolveVariable, ...names) =>
  await Promise.all(names.map(async (name) => String(await resolveVariable(`param:${name}`)).trim()));

const network = async ({ resolveVariable }) => {
  const [subnets, groups] = await params(resolveVariable, 'vpcSubnetIds', 'vpcSecurityGroupIds');
  const [subnetIds, securityGroupIds] = [splitList(subnets), splitList(groups)];
  if ((subnetIds.length === 0) !== (securityGroupIds.length === 0))
    throw new Error('vpcSubnetIds and vpcSecurityGroupIds belong together: give both or neither.');
  return subnetIds.length === 0 ? undefined : { subnetIds, securityGroupIds };
};

/**
 * Characters that S3 allows in a bucket's name. At most 30, so that the longest name, `duckstep-STAGE-quarantine-ACCOUNT`,
 * stays within S3's 63; with the region in the name at most 15, because the longest regions have 14 characters.
 */
const STAGE = /^[a-z0-9][a-z0-9-]{0,29}$/;

const MAX_STAGE_WITH_REGION = 15;

const flag = (name, value) => {
  if (value === 'true' || value === 'false') return value === 'true';
  throw new Error(`${name} must be true or false, not "${value}".`);
};

const versionsDays = async ({ resolveVariable }) => {
  const [days] = await params(resolveVariable, 'tableVersionsDays');
  if (/^\d{1,3}$/.test(days) && Number(days) <= 365) return Number(days);
  throw new Error(
    `tableVersionsDays must be a number of days, at most 365, or 0 for no versions, not "${days}".`,
  );
};

const HOURS = { minute: 1 / 60, hour: 1, day: 24 };
const MAX_ALARM_HOURS = 168;

module.exports = {
  /**
   * A bucket's DeletionPolicy. Retain applies only after the stack was created; buckets of a failed first deployment are
   * deleted, because they would block the second one.
   */
  bucketDeletion: async ({ resolveVariable }) => {
    const [wanted] = await params(resolveVariable, 'bucketsOnRemoval');
    const stage = String(await resolveVariable('sls:stage'));
    if (!STAGE.test(stage))
      throw new Error(
        `The stage is part of the buckets' names: a to z, 0 to 9 and "-", at most 30 characters, not "${stage}".`,
      );
    if (wanted === 'Retain') return 'RetainExceptOnCreate';
    if (wanted === 'Delete') return 'Delete';
    throw new Error(`bucketsOnRemoval must be Retain or Delete, not "${wanted}".`);
  },

  /**
   * Names of the four buckets, which are unique in all of AWS: a second region of the account needs the region in them. The
   * parameter is false by default, and the stack's policy denies replacing a bucket: stages that were deployed without the
   * region keep their buckets.
   */
  bucketNames: async ({ resolveVariable }) => {
    const [given] = await params(resolveVariable, 'regionInBucketNames');
    const [service, stage] = [
      await resolveVariable('self:service'),
      String(await resolveVariable('sls:stage')),
    ];
    const inRegion = flag('regionInBucketNames', given);
    if (inRegion && stage.length > MAX_STAGE_WITH_REGION)
      throw new Error(
        `With regionInBucketNames the stage has at most ${MAX_STAGE_WITH_REGION} characters, not ${stage.length}: "${stage}".`,
      );
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation replaces it
    const end = inRegion ? '${AWS::Region}-${AWS::AccountId}' : '${AWS::AccountId}';
    return Object.fromEntries(
      ['raw', 'silver', 'gold', 'quarantine'].map((zone) => [
        zone,
        { 'Fn::Sub': `${service}-${stage}-${zone}-${end}` },
      ]),
    );
  },

  /** Versions of silver, gold and quarantine. Suspended instead of left out: a bucket that had versions cannot be without. */
  tableVersioning: async (context) => ({
    Status: (await versionsDays(context)) === 0 ? 'Suspended' : 'Enabled',
  }),

  /** Days until a replaced or deleted object is gone for good. */
  tableVersionsDays: async (context) => Math.max(1, await versionsDays(context)),

  /** The lifecycle rule by which quarantine expires. */
  quarantineExpiry: async ({ resolveVariable }) => {
    const [days] = await params(resolveVariable, 'quarantineDays');
    if (days === '') return NOTHING;
    if (!/^[1-9]\d{0,4}$/.test(days))
      throw new Error(`quarantineDays must be a number of days, or empty to keep all, not "${days}".`);
    return { Id: 'expired', Status: 'Enabled', ExpirationInDays: Number(days) };
  },

  /** Hours without a call of Maintain until the alarm: the parameter, or two periods of the schedule. */
  maintenanceAlarmHours: async ({ resolveVariable }) => {
    const [given, schedule] = await params(resolveVariable, 'maintenanceAlarmHours', 'maintenanceSchedule');
    const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) ?? [];
    if (given === '' && unit === undefined)
      throw new Error(`maintenanceAlarmHours must be given: "${schedule}" is no rate to take it from.`);
    const hours = given === '' ? Math.max(2, Math.ceil(2 * Number(count) * HOURS[unit])) : Number(given);
    if (!(Number.isInteger(hours) && hours >= 1 && hours <= MAX_ALARM_HOURS))
      throw new Error(
        `maintenanceAlarmHours must be 1 to ${MAX_ALARM_HOURS} hours, the longest that an alarm can look back, not ${given || hours}.`,
      );
    return hours;
  },

  /** The value of `provider.vpc`. */
  vpc: async (context) => (await network(context)) ?? null,

  /** Permissions of a function in a VPC. EC2 has no narrower resource for these actions. */
  networkStatement: async (context) =>
    (await network(context)) === undefined
      ? NOTHING
      : {
          Sid: 'JoinVpc',
          Effect: 'Allow',
          Action: [
            'ec2:CreateNetworkInterface',
            'ec2:DescribeNetworkInterfaces',
            'ec2:DescribeSubnets',
            'ec2:DeleteNetworkInterface',
            'ec2:AssignPrivateIpAddresses',
            'ec2:UnassignPrivateIpAddresses',
          ],
          Resource: '*',
        },

  /** A bucket's encryption: with the given key, or with S3's own key. */
  encryption: async ({ resolveVariable }) => {
    const [key] = await params(resolveVariable, 'kmsKeyArn');
    const byDefault =
      key === '' ? { SSEAlgorithm: 'AES256' } : { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key };
    return {
      ServerSideEncryptionConfiguration: [
        { ServerSideEncryptionByDefault: byDefault, ...(key !== '' && { BucketKeyEnabled: true }) },
      ],
    };
  },

  /** The encryption of Athena's results: the same as that of the buckets. */
  resultsEncryption: async ({ resolveVariable }) => {
    const [key] = await params(resolveVariable, 'kmsKeyArn');
    return key === '' ? { EncryptionOption: 'SSE_S3' } : { EncryptionOption: 'SSE_KMS', KmsKey: key };
  },

  /** Bytes that one query in Athena may read. */
  scanLimit: async ({ resolveVariable }) => {
    const [mb] = await params(resolveVariable, 'athenaScanLimitMb');
    if (mb === '') return NOTHING;
    if (!(Number(mb) >= 10))
      throw new Error('athenaScanLimitMb must be a number of MB, at least 10, or empty.');
    return Math.round(Number(mb) * 2 ** 20);
  },

  /** Permissions on the key for roles that read and write the buckets. */
  keyStatement: async ({ resolveVariable }) => {
    const [key] = await params(resolveVariable, 'kmsKeyArn');
    return key === ''
      ? NOTHING
      : { Sid: 'UseKey', Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: key };
  },

  /** Subscribers to failures and alarms. */
  subscription: async ({ resolveVariable }) => {
    const [email] = await params(resolveVariable, 'alarmEmail');
    return email === '' ? NOTHING : [{ Protocol: 'email', Endpoint: email }];
  },
};
