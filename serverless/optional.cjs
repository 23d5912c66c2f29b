/**
 * What is there only when a parameter asks for it. `NOTHING` is how CloudFormation leaves out a property, or an
 * element of a list.
 */
const NOTHING = { Ref: 'AWS::NoValue' };

const listed = (text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Reads parameters, all as text. */
const params = async (resolveVariable, ...names) =>
  await Promise.all(names.map(async (name) => String(await resolveVariable(`param:${name}`)).trim()));

const network = async ({ resolveVariable }) => {
  const [subnets, groups] = await params(resolveVariable, 'vpcSubnetIds', 'vpcSecurityGroupIds');
  const [subnetIds, securityGroupIds] = [listed(subnets), listed(groups)];
  if ((subnetIds.length === 0) !== (securityGroupIds.length === 0))
    throw new Error('vpcSubnetIds and vpcSecurityGroupIds belong together: give both or neither.');
  return subnetIds.length === 0 ? undefined : { subnetIds, securityGroupIds };
};

/** What S3 takes in a bucket's name, and 63 characters with the longest of ours: `duckstep-STAGE-quarantine-ACCOUNT`. */
const STAGE = /^[a-z0-9][a-z0-9-]{0,29}$/;

module.exports = {
  /**
   * What CloudFormation does with a bucket whose stack is removed. What is to be kept is only once the stack stands: else
   * the buckets of a first deployment that failed would be in the way of the second.
   */
  bucketDeletion: async ({ resolveVariable }) => {
    const [wanted] = await params(resolveVariable, 'bucketsOnRemoval');
    const stage = String(await resolveVariable('sls:stage'));
    if (!STAGE.test(stage))
      throw new Error(
        `The stage is a part of the buckets' names: a to z, 0 to 9 and "-", 30 characters at most, not "${stage}".`,
      );
    if (wanted === 'Retain') return 'RetainExceptOnCreate';
    if (wanted === 'Delete') return 'Delete';
    throw new Error(`bucketsOnRemoval must be Retain or Delete, not "${wanted}".`);
  },

  /** `provider.vpc` */
  vpc: async (context) => (await network(context)) ?? null,

  /** What a function in a VPC must be allowed. EC2 knows no narrower resource that Lambda could be given. */
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

  /** A bucket's encryption: with the given key, or with S3's own. */
  encryption: async ({ resolveVariable }) => {
    const [key] = await params(resolveVariable, 'kmsKeyArn');
    const byDefault =
      key === '' ? { SSEAlgorithm: 'AES256' } : { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key };
    return {
      ServerSideEncryptionConfiguration: [
        { ServerSideEncryptionByDefault: byDefault, ...(key === '' ? {} : { BucketKeyEnabled: true }) },
      ],
    };
  },

  /** The encryption of Athena's results: as that of the buckets. */
  resultsEncryption: async ({ resolveVariable }) => {
    const [key] = await params(resolveVariable, 'kmsKeyArn');
    return key === '' ? { EncryptionOption: 'SSE_S3' } : { EncryptionOption: 'SSE_KMS', KmsKey: key };
  },

  /** Bytes that one query in Athena may read. */
  scanLimit: async ({ resolveVariable }) => {
    const [mb] = await params(resolveVariable, 'athenaScanLimitMb');
    if (mb === '') return NOTHING;
    if (!(Number(mb) >= 10))
      throw new Error('athenaScanLimitMb must be a number of MB, 10 at the least, or empty.');
    return Math.round(Number(mb) * 2 ** 20);
  },

  /** What whoever reads and writes the buckets must be allowed to do with the key. */
  keyStatement: async ({ resolveVariable }) => {
    const [key] = await params(resolveVariable, 'kmsKeyArn');
    return key === ''
      ? NOTHING
      : { Sid: 'UseKey', Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: key };
  },

  /** Who hears of failures and alarms. */
  subscription: async ({ resolveVariable }) => {
    const [email] = await params(resolveVariable, 'alarmEmail');
    return email === '' ? NOTHING : [{ Protocol: 'email', Endpoint: email }];
  },
};
