import { S3Client } from '@aws-sdk/client-s3';
import { ConfigurationError } from '../../../shared/errors.ts';
import { ZONES } from '../../../shared/lake/paths.ts';
import { contextFromEnv } from '../../../shared/runtime/environment.ts';

const client = new S3Client({ region: 'eu-central-1' });
const buckets = { RAW_BUCKET: 'r-1', SILVER_BUCKET: 's-1', GOLD_BUCKET: 'g-1', QUARANTINE_BUCKET: 'q-1' };

test('opens the four buckets, with the memory and the SQL of the function', () => {
  const { lake, config } = contextFromEnv(
    { ...buckets, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '3538', LAMBDA_TASK_ROOT: '/var/task' },
    client,
  );
  expect(ZONES.map((zone) => lake[zone].name)).toEqual(['r-1', 's-1', 'g-1', 'q-1']);
  expect(config).toMatchObject({ memoryMb: 3538, threads: 2, sqlDir: '/var/task/sql' });
});

test('names every bucket that is missing', () => {
  const open = () => contextFromEnv({ RAW_BUCKET: 'r-1', GOLD_BUCKET: '' }, client);
  expect(open).toThrow(ConfigurationError);
  expect(open).toThrow(/SILVER_BUCKET, GOLD_BUCKET, QUARANTINE_BUCKET/);
});

test('has a catalog if both of its databases are named', () => {
  expect(contextFromEnv(buckets, client).catalog).toBeUndefined();
  const databases = { DUCKSTEP_SILVER_DATABASE: 'd_silver', DUCKSTEP_GOLD_DATABASE: 'd_gold' };
  expect(contextFromEnv({ ...buckets, ...databases }, client).catalog).toEqual({
    point: expect.any(Function),
  });
  const half = () => contextFromEnv({ ...buckets, DUCKSTEP_GOLD_DATABASE: 'd_gold' }, client);
  expect(half).toThrow(ConfigurationError);
  expect(half).toThrow(/DUCKSTEP_SILVER_DATABASE is missing/);
});

test('waits for other writers only seconds in a function, where waiting costs, and as long as it takes elsewhere', () => {
  const patience = (env: NodeJS.ProcessEnv) =>
    contextFromEnv({ ...buckets, ...env }, client).config.commitPatienceMs;
  const lambda = { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '3538' };
  expect(patience(lambda)).toBe(10_000);
  expect(patience({ ...lambda, DUCKSTEP_COMMIT_PATIENCE_SECONDS: '12.5' })).toBe(12_500);
  expect(patience({})).toBeUndefined();
  expect(() => patience({ DUCKSTEP_COMMIT_PATIENCE_SECONDS: '9' })).toThrow(
    /DUCKSTEP_COMMIT_PATIENCE_SECONDS/,
  );
});
