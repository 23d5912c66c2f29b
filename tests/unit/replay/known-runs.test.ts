import { knownRuns } from '../../../shared/replay/known-runs.ts';
import { config } from '../../helpers/engine.ts';
import { testPipeline } from '../../helpers/pipeline.ts';

test('runs are read with times in ISO 8601, those of earlier releases without the later columns', async () => {
  const { lake, drop, runs } = testPipeline();
  await drop('nonsense/a.csv', 'id\n1\n');
  const [full] = await runs();
  const { source_sequencer, contract_fingerprint, replayed_at, ...earlier } = JSON.parse(
    String(await lake.gold.read(`_runs/${full?.run_id}.json`)),
  );
  expect([source_sequencer, contract_fingerprint, replayed_at]).toEqual([expect.any(String), null, null]);
  const old = { ...earlier, run_id: 'old', finished_at: '2026-01-02T03:04:05.678Z', source_key: 'x/old.csv' };
  await lake.gold.write('_runs/old.json', JSON.stringify(old));

  const known = await knownRuns({ lake, config });
  expect(known.toSorted((a, b) => (a.source_key < b.source_key ? -1 : 1))).toEqual([
    {
      ...{ run_id: full?.run_id, dataset: 'nonsense', source_key: 'nonsense/a.csv', status: 'quarantined' },
      ...{ source_version: earlier.source_version, source_bytes: 5, source_sequencer, rows_rejected: 0 },
      ...{ contract_fingerprint: null, cost_usd: earlier.cost_usd },
      ...{ uploaded_at: earlier.uploaded_at, finished_at: earlier.finished_at },
    },
    {
      ...{ run_id: 'old', dataset: 'nonsense', source_key: 'x/old.csv', status: 'quarantined' },
      ...{ source_version: earlier.source_version, source_bytes: 5, rows_rejected: 0 },
      ...{ contract_fingerprint: null, cost_usd: earlier.cost_usd },
      ...{ uploaded_at: earlier.uploaded_at, finished_at: '2026-01-02T03:04:05.678Z' },
    },
  ]);
  const since = Date.parse('2026-06-01');
  expect((await knownRuns({ lake, config }, since)).map(({ run_id }) => run_id)).toEqual([full?.run_id]);
});
