import { lakePaths, ZONES, type Zone } from '../../shared/lake/paths.ts';
import { allows, type Right, statements } from './policy.ts';
import { rightsUsed } from './storage-calls.ts';
import { FUNCTIONS, type FunctionName, resource, twinOf } from './template.ts';

/** A key of every kind in a zone, with the pattern of its kind; and one of no kind. */
const KINDS: Readonly<Record<Zone, Record<string, { key: string; like: RegExp }>>> = {
  raw: { file: { key: 'signups/2024/a.csv', like: /./ } },
  silver: {
    staging: { key: lakePaths.staging('run', 'records.parquet'), like: /^_staging\// },
    source: { key: lakePaths.sources('signups', 'node'), like: /^_sources\// },
    commit: { key: lakePaths.locks('signups', 'v2'), like: /^_commits\// },
    metadata: { key: lakePaths.metadata('signups', 'v1.metadata.json'), like: /^[^/]+\/metadata\// },
    data: { key: lakePaths.data('signups', 'year=2024/a.parquet'), like: /^[^/]+\/data\// },
    deletes: { key: lakePaths.deletes('signups', 'a.parquet'), like: /^[^/]+\/deletes\// },
    turns: { key: lakePaths.turns, like: /^_maintenance\// },
    other: { key: 'other.txt', like: /^other/ },
  },
  gold: {
    commit: { key: lakePaths.locks('by_day', 'v2'), like: /^_commits\// },
    metadata: { key: lakePaths.metadata('by_day', 'v1.metadata.json'), like: /^[^/]+\/metadata\// },
    data: { key: lakePaths.data('by_day', 'a.parquet'), like: /^[^/]+\/data\// },
    results: { key: '_athena/a.csv', like: /^_athena\// },
    run: { key: lakePaths.run('run'), like: /^_runs\// },
    newest: { key: lakePaths.newestRun('first', 0, 'run'), like: /^runs-newest\// },
    other: { key: 'other.txt', like: /^other/ },
  },
  quarantine: {
    rows: { key: lakePaths.quarantinedRows('signups', 'run'), like: /^[^/]+\/rows\// },
    report: { key: lakePaths.quarantineReport('signups', 'run'), like: /^[^/]+\/reports\// },
    other: { key: 'other.txt', like: /^other/ },
  },
};

/** Larger functions run the same code, with the same role. */
const OWNERS = FUNCTIONS.filter((name) => twinOf(name) === name);

const ACTIONS = [
  's3:GetObject',
  's3:GetObjectVersion',
  's3:PutObject',
  's3:AbortMultipartUpload',
  's3:DeleteObject',
  's3:ListBucket',
  's3:ListBucketVersions',
];

const named = ({ action, zone, key }: Right): string => {
  if (key === undefined) return `${action} ${zone}, whether a key exists`;
  const kind = Object.entries(KINDS[zone]).find(([, { like }]) => like.test(key))?.[0];
  return `${action} ${zone} ${kind ?? key}`;
};

/** Every right there could be: each action on each kind of key. */
const everyRight = (): Right[] =>
  ZONES.flatMap((zone) => [
    { action: 's3:ListBucket', zone, key: undefined },
    ...Object.values(KINDS[zone]).flatMap(({ key }) => ACTIONS.map((action) => ({ action, zone, key }))),
  ]);

/** Maintain may list buckets whole: the kinds of a table's files, and of raw's, are known only after listing them. */
const listsAll = (name: FunctionName, { action, key }: Right): boolean =>
  name === 'Maintain' && ['s3:ListBucket', 's3:ListBucketVersions'].includes(action) && key !== undefined;

const distinct = (texts: string[]): string[] => [...new Set(texts)].toSorted();

describe("a function's role", () => {
  let used: Awaited<ReturnType<typeof rightsUsed>>;
  beforeAll(async () => {
    used = await rightsUsed();
  });

  test.each(OWNERS)('%s: allows on S3 what the code calls, and no more', (name) => {
    const granted = everyRight().filter((right) => allows(statements(name), right));
    const compared = (rights: readonly Right[]): string[] =>
      distinct(rights.filter((right) => !listsAll(name, right)).map(named));
    expect(compared(granted)).toEqual(compared(used.get(name) ?? []));
  });

  test.each(OWNERS)('%s: allows every single call that was made', (name) => {
    const denied = (used.get(name) ?? []).filter((right) => !allows(statements(name), right));
    expect(denied).toEqual([]);
  });

  const writers: Record<Zone, FunctionName[]> = {
    raw: [],
    silver: ['Validate', 'QualityScore', 'Transform', 'LoadToGold', 'Maintain'],
    gold: ['LoadToGold', 'Quarantine', 'Maintain'],
    quarantine: ['Quarantine'],
  };
  test.each(ZONES)('only the functions that must write to %s may', (zone) => {
    const writing = OWNERS.filter((name) =>
      Object.values(KINDS[zone]).some(({ key }) =>
        allows(statements(name), { action: 's3:PutObject', zone, key }),
      ),
    );
    expect(writing).toEqual(writers[zone]);
  });

  test('only LoadToGold deletes, its own locks and intents, and Maintain, files of tables and what it moves into them', () => {
    const deletes = (name: FunctionName): string[] =>
      ZONES.flatMap((zone) =>
        Object.entries(KINDS[zone]).flatMap(([kind, { key }]) =>
          allows(statements(name), { action: 's3:DeleteObject', zone, key }) ? `${zone} ${kind}` : [],
        ),
      );
    expect(Object.fromEntries(OWNERS.map((name) => [name, deletes(name)]))).toEqual({
      Validate: [],
      QualityScore: [],
      Transform: [],
      LoadToGold: ['silver commit', 'gold commit'],
      Maintain: [
        ...['source', 'commit', 'metadata', 'data', 'deletes'].map((kind) => `silver ${kind}`),
        ...['commit', 'metadata', 'data', 'newest'].map((kind) => `gold ${kind}`),
      ],
      Quarantine: [],
    });
  });

  test('only Maintain may list versions, and only those of raw', () => {
    const allowed = OWNERS.flatMap((name) =>
      ZONES.filter((zone) =>
        allows(statements(name), { action: 's3:ListBucketVersions', zone, key: '' }),
      ).map((zone) => `${name} ${zone}`),
    );
    expect(allowed).toEqual(['Maintain raw']);
  });

  test.each([
    ['silver', '_staging/run/data/a.parquet'],
    ['gold', '_runs/metadata/a.json'],
  ] as const)('maintenance spares objects outside of the tables in %s, whatever their name', (zone, key) => {
    for (const action of ['s3:PutObject', 's3:DeleteObject'])
      expect(allows(statements('Maintain'), { action, zone, key })).toBe(false);
  });

  test.each(OWNERS)('%s: besides S3, the catalog if it commits, its own log and tracing only', (name) => {
    const others = statements(name).filter(
      ({ Action }) => !Action.every((action) => action.startsWith('s3:')),
    );
    const arn = (of: string) => ({
      'Fn::Sub': `arn:\${AWS::Partition}:glue:\${AWS::Region}:\${AWS::AccountId}:${of}`,
    });
    const logs = FUNCTIONS.filter((each) => twinOf(each) === name).map((each) => ({
      'Fn::GetAtt': [`${each}LogGroup`, 'Arn'],
    }));
    const starting = [
      {
        ...{ Effect: 'Allow', Action: ['states:StartExecution', 'states:ListExecutions'] },
        Resource: { Ref: 'Pipeline' },
      },
      {
        ...{ Effect: 'Allow', Action: ['states:DescribeExecution'] },
        Resource: {
          'Fn::Sub': `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:execution:duckstep-dev-pipeline:*`,
        },
      },
    ];
    const catalog = {
      Effect: 'Allow',
      Action: ['glue:GetTable', 'glue:CreateTable', 'glue:UpdateTable'],
      Resource: [
        arn('catalog'),
        arn(`database/\${SilverDatabase}`),
        arn(`database/\${GoldDatabase}`),
        arn(`table/\${SilverDatabase}/*`),
        arn(`table/\${GoldDatabase}/*`),
      ],
    };
    expect(others.map(({ Effect, Action, Resource }) => ({ Effect, Action, Resource }))).toEqual([
      // Starts files that never ran: of this state machine, and of no other.
      ...(name === 'Maintain' ? starting : []),
      ...(['LoadToGold', 'Maintain'].includes(name) ? [catalog] : []),
      // A scheduled call that failed for good is reported; the states of an execution report their own failures.
      ...(name === 'Maintain'
        ? [{ Effect: 'Allow', Action: ['sns:Publish'], Resource: { Ref: 'AlarmTopic' } }]
        : []),
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: logs.length === 1 ? logs[0] : logs,
      },
      { Effect: 'Allow', Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: '*' },
    ]);
  });

  test.each(FUNCTIONS)('%s has it, alone or with its larger twin, without managed policies', (name) => {
    expect(resource(`${name}LambdaFunction`).Properties.Role).toEqual({
      'Fn::GetAtt': [`${twinOf(name)}Role`, 'Arn'],
    });
    expect(resource(`${twinOf(name)}Role`).Properties).not.toHaveProperty('ManagedPolicyArns');
  });
});
