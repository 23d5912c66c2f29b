import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { loadContract } from '../../shared/contract/load.ts';
import { S3Store } from '../../shared/lake/storage/s3-store.ts';
import { expectBounded } from '../commit/bounds.ts';
import { contractFolder, expectAll, sourcesFor, stage } from '../commit/lake.ts';
import { loadAll } from '../commit/load.ts';
import { scratch } from '../helpers/scratch.ts';
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

const bucket = async (): Promise<S3Store> => {
  const Bucket = `lake-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  return new S3Store(client, Bucket);
};

test.each(['own', 'common'] as const)('20 writers at once on S3, %s keys', async (keys) => {
  const tables = { silver: await bucket(), gold: await bucket() };
  const contract = await loadContract(contractFolder(), 't');
  const sources = sourcesFor(20, keys);
  const loads = await stage(sources, contract, tables.silver);
  const done = await loadAll(loads, { tables, contract, scratch: scratch() });
  expectBounded(done);
  await expectAll({ tables, contract }, { sources, loads }, 20);
});
