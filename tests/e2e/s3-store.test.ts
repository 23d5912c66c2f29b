import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { S3Store } from '../../shared/lake/storage/s3-store.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { changeBy, increment } from '../helpers/increment.ts';
import { objectStoreSuite } from '../helpers/object-store-suite.ts';
import { type Emulator, startEmulator } from './emulator/emulator.ts';

let emulator: Emulator | undefined;
let client: S3Client;

beforeAll(async () => {
  emulator = await startEmulator();
  client = new S3Client(emulator.client);
});

afterAll(async () => {
  await emulator?.stop();
});

const open = async ({ versioned }: { versioned: boolean }): Promise<S3Store> => {
  const Bucket = `lake-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  if (versioned) await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  return new S3Store(client, Bucket);
};

objectStoreSuite(open);

test('20 writers at once to one table: each is in the history once', async () => {
  const store = await open({ versioned: false });
  const runs = Array.from({ length: 20 }, (_, index) => `run-${String(index).padStart(2, '0')}`);
  const commits = await Promise.all(
    runs.map((run) => new Table(store, 't').commit(changeBy(async (base) => await increment(base, run)))),
  );
  expect(commits.every(({ committed }) => committed)).toBe(true);
  const table = new Table(store, 't');
  const history = await Promise.all(runs.map((_, index) => table.at(index + 1)));
  expect(history.map((snapshot) => snapshot?.runId).toSorted()).toEqual(runs);
  expect(await table.at(21)).toBeUndefined();
});
