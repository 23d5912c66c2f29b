import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { ZONES, type Zone } from '../../shared/lake/paths.ts';
import { bucketOf, type JsonObject, ofType, resource } from './template.ts';

const rulesOf = (zone: Zone): JsonObject[] => {
  const { LifecycleConfiguration } = resource(bucketOf(zone)).Properties as unknown as {
    LifecycleConfiguration: { Rules: JsonObject[] };
  };
  return LifecycleConfiguration.Rules;
};

describe('the buckets', () => {
  const buckets = ofType('AWS::S3::Bucket');

  test('are the four zones, named from service, stage and account, and one for deployments', () => {
    expect(buckets.map(([id]) => id).toSorted()).toEqual(
      [...ZONES.map(bucketOf), 'ServerlessDeploymentBucket'].toSorted(),
    );
    for (const zone of ZONES)
      expect(resource(bucketOf(zone)).Properties.BucketName).toEqual({
        'Fn::Sub': `duckstep-dev-${zone}-\${AWS::AccountId}`,
      });
  });

  test.each(buckets)('%s is private and encrypted', (_, { Properties }) => {
    expect(Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(Properties.BucketEncryption).toEqual({
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    });
  });

  test.each(buckets)('%s accepts TLS only', (id) => {
    const { PolicyDocument } = resource(`${id}Policy`).Properties as unknown as {
      PolicyDocument: { Statement: JsonObject[] };
    };
    expect(PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Condition: { Bool: { 'aws:SecureTransport': false } },
      }),
    );
  });

  test.each(ZONES)('%s deletes unfinished uploads', (zone) => {
    expect(rulesOf(zone)).toContainEqual(
      expect.objectContaining({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }),
    );
  });

  test('raw keeps versions and sends events to EventBridge', () => {
    const { VersioningConfiguration, NotificationConfiguration } = resource('RawBucket').Properties;
    expect(VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(NotificationConfiguration).toEqual({ EventBridgeConfiguration: { EventBridgeEnabled: true } });
  });

  test.each(['silver', 'gold', 'quarantine'] as const)('%s keeps what was deleted for some days', (zone) => {
    expect(resource(bucketOf(zone)).Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(rulesOf(zone)).toContainEqual({
      Id: 'deleted-versions',
      Status: 'Enabled',
      NoncurrentVersionExpiration: { NoncurrentDays: 7 },
      ExpiredObjectDeleteMarker: true,
    });
  });

  test('objects that expire soon by themselves leave no versions behind', () => {
    const short = ZONES.flatMap(rulesOf).filter((rule) => 'ExpirationInDays' in rule);
    expect(short).toHaveLength(4);
    for (const { NoncurrentVersionExpiration } of short)
      expect(NoncurrentVersionExpiration).toEqual({ NoncurrentDays: 1 });
  });

  test('an update that would replace or delete a bucket of data is refused', () => {
    const { stackPolicy } = parse(readFileSync(path.resolve(__dirname, '../../serverless.yml'), 'utf8'), {
      logLevel: 'error',
    }).provider;
    expect(stackPolicy).toEqual([
      { Effect: 'Allow', Principal: '*', Action: 'Update:*', Resource: '*' },
      {
        Effect: 'Deny',
        Principal: '*',
        Action: ['Update:Replace', 'Update:Delete'],
        Resource: ZONES.map((zone) => `LogicalResourceId/${bucketOf(zone)}`),
      },
    ]);
  });

  test('objects that a redrive needs are kept for at least 14 days, in every stage', () => {
    const stages = parse(readFileSync(path.resolve(__dirname, '../../serverless/stages.yml'), 'utf8'));
    for (const stage of Object.values<Record<string, number>>(stages)) {
      expect(stage.stagingDays ?? 14).toBeGreaterThanOrEqual(14);
      expect(stage.rawVersionsDays ?? 14).toBeGreaterThanOrEqual(14);
    }
    expect(rulesOf('silver')).toContainEqual(
      expect.objectContaining({ Prefix: '_staging/', ExpirationInDays: expect.any(Number) }),
    );
  });

  test('objects of tables and of the quarantine never expire: people and maintenance remove them', () => {
    const expiring = ZONES.flatMap((zone) =>
      rulesOf(zone).flatMap((rule) => ('ExpirationInDays' in rule ? `${zone}/${rule.Prefix}` : [])),
    );
    // The name of a table never begins with an underscore.
    expect(expiring).toEqual(['silver/_staging/', 'silver/_commits/', 'gold/_commits/', 'gold/_athena/']);
  });

  test.each(ZONES)('%s is removed with a dev stack only, and is never replaced', (zone) => {
    expect(resource(bucketOf(zone))).toMatchObject({
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Retain',
    });
  });
});
