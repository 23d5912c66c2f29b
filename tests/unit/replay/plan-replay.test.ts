import type { KnownRun } from '../../../shared/replay/known-runs.ts';
import { type PlanSources, planReplay } from '../../../shared/replay/plan-replay.ts';
import type { ReplaySelection } from '../../../shared/replay/selection.ts';
import { keyOf, LARGE, largeBucket, UPLOADED } from '../../helpers/large-bucket.ts';

const runOf = (n: number, of: Partial<KnownRun> = {}): KnownRun => ({
  ...{ run_id: `r${n}`, dataset: 'd', source_key: keyOf(n), source_version: `v${n}`, source_bytes: 9 },
  ...{ status: 'loaded', rows_rejected: 0, contract_fingerprint: null, cost_usd: 0.1 },
  ...{ uploaded_at: UPLOADED.toISOString(), finished_at: UPLOADED.toISOString(), source_sequencer: '00A1' },
  ...of,
});

const planned = async (selection: ReplaySelection, runs: readonly KnownRun[], raw = largeBucket()) => {
  const asked = { runs: 0, contracts: 0, executions: [] as number[] };
  const sources: PlanSources = {
    versions: (prefix) => raw.listVersions(prefix),
    runs: async () => {
      asked.runs += 1;
      return runs;
    },
    contracts: async () => {
      asked.contracts += 1;
      return new Map([['d3', 'now']]);
    },
    executionsOf: async (files) => {
      asked.executions.push(files.length);
      return new Map();
    },
    graceMs: 0,
  };
  const { files } = await planReplay(selection, sources);
  return { keys: files.map(({ key }) => key), lists: raw.usage.requests.list, usage: raw.usage, asked };
};

test('to find what never ran among 100,000 versions takes a list for each thousand of them, and no other request', async () => {
  const runs = Array.from({ length: LARGE }, (_, n) => runOf(n)).filter((_, n) => n !== 7 && n !== 70_001);
  const { keys, usage, asked } = await planned({ missing: true }, runs);
  expect(keys).toEqual(['d0/00007.csv', 'd7/00001.csv']);
  expect(usage.requests).toEqual({ list: 100, head: 0, get: 0, put: 0, delete: 0 });
  // Executions are looked for on behalf of the two only.
  expect(asked).toEqual({ runs: 1, contracts: 0, executions: [2] });
});

test('where no file is young enough, the runs are not read', async () => {
  const { keys, lists, asked } = await planned({ missing: true, since: '2026-11-22T00:00:00.000Z' }, []);
  expect({ keys, lists, asked }).toEqual({
    keys: [],
    lists: 100,
    asked: { runs: 0, contracts: 0, executions: [] },
  });
});

test.each<[string, ReplaySelection, { lists: number; keys: string[] }]>([
  [
    'a key: one page, though many keys begin with it',
    { keys: ['d4/00000.csv'] },
    { lists: 1, keys: ['d4/00000.csv'] },
  ],
  [
    'files in quarantine: the datasets that have some',
    { quarantined: true },
    { lists: 20, keys: ['d3/00009.csv', 'd8/00001.csv'] },
  ],
  ['of one dataset', { quarantined: true, dataset: 'd8' }, { lists: 10, keys: ['d8/00001.csv'] }],
  ['judged by another contract', { olderContract: true }, { lists: 10, keys: ['d3/00009.csv'] }],
])('no more is listed than the selection needs: %s', async (_, selection, expected) => {
  const runs = [runOf(30_009, { status: 'quarantined' }), runOf(80_001, { rows_rejected: 1 }), runOf(5)];
  const { keys, lists } = await planned(selection, runs);
  expect({ lists, keys }).toEqual(expected);
});

test.each<[ReplaySelection, string]>([
  [{}, 'Say which files'],
  [{ keys: [] }, 'Say which files'],
  [{ missing: true, quarantined: true }, 'A file that never ran is not in quarantine'],
  [{ missing: true, olderContract: true }, 'A file that never ran'],
  [{ keys: ['a', 'b'], version: 'v' }, '--version belongs to one KEY'],
  [{ keys: ['a/'], version: 'v' }, '--version belongs to one KEY'],
  [{ dataset: 'd', version: 'v' }, '--version belongs to one KEY'],
  [{ keys: ['a'], version: 'v', missing: true }, '--missing finds versions by itself'],
  [{ dataset: '../x' }, 'cannot be the name of a dataset'],
  [{ keys: [''] }, 'it cannot be empty'],
])('%p is wrong usage, and asks for nothing', async (selection, message) => {
  const raw = largeBucket();
  await expect(planned(selection, [], raw)).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining(message),
  });
  expect(raw.usage.requests.list).toBe(0);
});
