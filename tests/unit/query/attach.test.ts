import { testPipeline } from '../../helpers/pipeline.ts';

const HEADER = 'id,name,email,signup_date,status\n';

test('before anything arrived all tables are there, and empty', async () => {
  const { query } = testPipeline();
  for (const table of ['silver.signups', 'gold.signups_by_day', 'quarantine.signups', 'runs'])
    expect(await query(`FROM ${table}`)).toEqual([]);
});

test('a folder that differs in case does not hide the refused rows of the dataset', async () => {
  const { drop, query } = testPipeline();
  const good = Array.from({ length: 40 }, (_, i) => `${i + 1},A,a${i}@example.com,2024-01-02,active`);
  await drop('signups/a.csv', `${HEADER}${good.join('\n')}\n99,,b@example.com,2024-01-02,active\n`);
  await drop('Signups/b.csv', `${HEADER}1,A,a@example.com,2024-01-02,active\n`);
  expect(await query('SELECT source_key, scope FROM quarantine.signups ORDER BY source_key DESC')).toEqual([
    { source_key: 'signups/a.csv', scope: 'row' },
    { source_key: 'Signups/b.csv', scope: 'file' },
  ]);
});

test('refused files of a dataset that nobody knows are a table as well', async () => {
  const { drop, query } = testPipeline();
  await drop('no such "dataset"/a.csv', 'x\n1\n');
  expect(await query('SELECT reasons[1].rule AS rule FROM quarantine."no such ""dataset"""')).toEqual([
    { rule: 'UnknownDataset' },
  ]);
});
