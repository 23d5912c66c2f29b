import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { DAY_MS } from '../../../shared/base/time.ts';
import { metered } from '../../../shared/lake/storage/metered-store.ts';
import { replayMissing } from '../../../shared/replay/replay-missing.ts';
import { StepFunctionsExecutions } from '../../../shared/replay/step-functions.ts';
import { config } from '../../helpers/engine.ts';
import { keyOf, LARGE, largeBucket, UPLOADED } from '../../helpers/large-bucket.ts';
import { MemoryStore } from '../../helpers/memory-store.ts';

const sfn = mockClient(SFNClient);
beforeEach(() => {
  sfn.reset();
  sfn.on(ListExecutionsCommand).resolves({ executions: [] });
  sfn.on(StartExecutionCommand).resolves({});
});

/** A search over 100,000 versions, some days after their upload, in a lake without run records. */
const search = async (daysLater: number) => {
  const lake = { raw: largeBucket(), gold: metered(new MemoryStore()) };
  const executions = new StepFunctionsExecutions(
    new SFNClient({ region: 'eu-west-1' }),
    'arn',
    async () => undefined,
  );
  const now = UPLOADED.getTime() + daysLater * DAY_MS;
  const report = await replayMissing({
    lake,
    config,
    executions,
    days: 3,
    now,
    sleep: async () => undefined,
  });
  const count = (command: Parameters<typeof sfn.commandCalls>[0]): number => sfn.commandCalls(command).length;
  return {
    report,
    requests: {
      raw: lake.raw.usage.requests,
      gold: lake.gold.usage.requests.list + lake.gold.usage.requests.get,
      listed: count(ListExecutionsCommand),
      described: count(DescribeExecutionCommand),
      started: count(StartExecutionCommand),
    },
  };
};

const LISTED = { list: 100, head: 0, get: 0, put: 0, delete: 0 };

test('a call starts 500 files at most, names the first, and says how many there are', async () => {
  const { report, requests } = await search(1);
  const keys = Array.from({ length: 20 }, (_, n) => keyOf(n));
  expect(report).toEqual({ days: 3, found: LARGE, started: 500, keys });
  // Executions are listed once for each status but SUCCEEDED.
  expect(requests).toEqual({ raw: LISTED, gold: 3, listed: 5, described: 0, started: 500 });
});

test('where all files are older, raw is listed, and nothing else is asked', async () => {
  const { report, requests } = await search(4);
  expect(report).toEqual({ days: 3, found: 0, started: 0, keys: [] });
  expect(requests).toEqual({ raw: LISTED, gold: 0, listed: 0, described: 0, started: 0 });
});
