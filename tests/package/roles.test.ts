import { lakePaths, ZONES, type Zone } from '../../shared/lake.ts';
import { allows, type Right, statements } from './policy.ts';
import { rightsUsed } from './storage-calls.ts';
import { resource, STATES, type State } from './template.ts';

/** A key of every kind that lies in a zone, by what tells the kind; and one of no kind. */
const KINDS: Readonly<Record<Zone, Record<string, { key: string; like: RegExp }>>> = {
  raw: { file: { key: 'signups/2024/a.csv', like: /./ } },
  silver: {
    staging: { key: lakePaths.staging('run', 'records.parquet'), like: /^_staging\// },
    manifest: { key: `${lakePaths.manifests('signups')}v00000001.json`, like: /^[^/]+\/_manifests\// },
    data: { key: lakePaths.data('signups', 'year=2024/a.parquet'), like: /^[^/]+\/data\// },
    mask: { key: lakePaths.masks('signups', 'a.parquet'), like: /^[^/]+\/masks\// },
    other: { key: 'other.txt', like: /^other/ },
  },
  gold: {
    manifest: { key: `${lakePaths.manifests('signups')}v00000001.json`, like: /^[^/]+\/_manifests\// },
    data: { key: lakePaths.data('by_day', 'a.parquet'), like: /^[^/]+\/data\// },
    run: { key: lakePaths.run('run'), like: /^_runs\// },
    other: { key: 'other.txt', like: /^other/ },
  },
  quarantine: {
    rows: { key: lakePaths.quarantinedRows('signups', 'run'), like: /^[^/]+\/rows\// },
    report: { key: lakePaths.quarantineReport('signups', 'run'), like: /^[^/]+\/reports\// },
    other: { key: 'other.txt', like: /^other/ },
  },
};

const ACTIONS = [
  's3:GetObject',
  's3:GetObjectVersion',
  's3:PutObject',
  's3:AbortMultipartUpload',
  's3:DeleteObject',
  's3:ListBucket',
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

const distinct = (texts: string[]): string[] => [...new Set(texts)].toSorted();

describe("a function's role", () => {
  let used: Awaited<ReturnType<typeof rightsUsed>>;
  beforeAll(async () => {
    used = await rightsUsed();
  });

  test.each(STATES)('%s: allows on S3 what the code calls, and no more', (state) => {
    const granted = everyRight().filter((right) => allows(statements(state), right));
    expect(distinct(granted.map(named))).toEqual(distinct((used.get(state) ?? []).map(named)));
  });

  test.each(STATES)('%s: allows every single call that was made', (state) => {
    const refused = (used.get(state) ?? []).filter((right) => !allows(statements(state), right));
    expect(refused).toEqual([]);
  });

  const writers: Record<Zone, State[]> = {
    raw: [],
    silver: ['Validate', 'QualityScore', 'Transform', 'LoadToGold'],
    gold: ['LoadToGold', 'Quarantine'],
    quarantine: ['Quarantine'],
  };
  test.each(ZONES)('only those write to %s that must, and nobody deletes', (zone) => {
    const may = (action: string) =>
      STATES.filter((state) =>
        Object.values(KINDS[zone]).some(({ key }) => allows(statements(state), { action, zone, key })),
      );
    expect(may('s3:PutObject')).toEqual(writers[zone]);
    expect(may('s3:DeleteObject')).toEqual([]);
  });

  test.each(STATES)('%s: beside S3, its own log and tracing only', (state) => {
    const others = statements(state).filter(
      ({ Action }) => !Action.every((action) => action.startsWith('s3:')),
    );
    expect(others.map(({ Effect, Action, Resource }) => ({ Effect, Action, Resource }))).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [`${state}LogGroup`, 'Arn'] },
      },
      { Effect: 'Allow', Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: '*' },
    ]);
  });

  test.each(STATES)('%s has it, alone, without managed policies', (state) => {
    expect(resource(`${state}LambdaFunction`).Properties.Role).toEqual({
      'Fn::GetAtt': [`${state}Role`, 'Arn'],
    });
    expect(resource(`${state}Role`).Properties).not.toHaveProperty('ManagedPolicyArns');
  });
});
