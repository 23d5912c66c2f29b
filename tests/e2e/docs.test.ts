import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { inParallel } from '../../shared/base/in-parallel.ts';
import { ROOT } from '../helpers/engine.ts';
import { runProgram } from '../helpers/run-program.ts';
import { ARCHITECTURE } from './deployment.ts';
import { type Emulator, startEmulator } from './emulator/emulator.ts';
import { until } from './emulator/until.ts';

/** The commands of docs/deploy.md, in order, without those that it marks as needing real AWS. */
const blocks = [
  ...readFileSync(path.join(ROOT, 'docs/deploy.md'), 'utf8').matchAll(/^```sh\n(.*?)^```$/gms),
].map(([, script = '']) => script);

let emulator: Emulator | undefined;
/** Credentials of a user who has the rights of docs/deploy-policy.json and no others. */
let deployer: NodeJS.ProcessEnv = {};

beforeAll(async () => {
  emulator = await startEmulator();
  const keys = await shell(`
    aws iam create-user --user-name deployer > /dev/null
    aws iam put-user-policy --user-name deployer --policy-name deploy --policy-document file://docs/deploy-policy.json
    aws iam create-access-key --user-name deployer --output text --query 'AccessKey.[AccessKeyId, SecretAccessKey]'`);
  const [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY] = keys.trim().split(/\s+/);
  deployer = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
});

afterAll(async () => await emulator?.stop());

const shell = async (script: string): Promise<string> => {
  if (emulator === undefined)
    throw new Error('There is no emulator: these commands must not reach a real account.');
  return await runProgram('bash', ['-euo', 'pipefail', '-c', script], { ...emulator.env, ...deployer });
};

/** The script for the processor of this machine, on which the functions run; the document may name another. */
const forThisMachine = (script: string): string =>
  script.replace(/^npx sls \S+/gm, (command) => `${command} --param architecture=${ARCHITECTURE}`);

const executionsEnded = async (): Promise<boolean> => {
  const executions: { status: string }[] = JSON.parse(
    await shell('npx duckstep executions --stage dev --json'),
  );
  return executions.length > 0 && executions.every(({ status }) => status === 'succeeded');
};

/** Uploads more objects than one call to S3 can list or delete. They are folders of the console, which start nothing. */
const putManyFolders = async (): Promise<void> => {
  if (emulator === undefined) return;
  const s3 = new S3Client(emulator.client);
  const { Buckets = [] } = await s3.send(new ListBucketsCommand());
  const Bucket = Buckets.map(({ Name = '' }) => Name).find((name) => name.includes('-raw-'));
  await inParallel(
    Array.from({ length: 600 }, (_, i) => `signups/a-folder-with-a-long-name-${i}/`),
    (Key) => s3.send(new PutObjectCommand({ Bucket, Key })),
  );
};

test.each(blocks)('%s', async (script) => {
  if (script.includes('list-object-versions')) await putManyFolders();
  const output = await shell(forThisMachine(script));
  if (/duckstep upload|s3 cp/.test(script)) await until('the files have been processed', executionsEnded);
  if (script.includes('gold.')) expect(output).toMatch(/signup_date|day/);
});

test('nothing is left in the account', async () => {
  deployer = {};
  expect((await shell('aws s3 ls')).trim()).toBe('');
});
