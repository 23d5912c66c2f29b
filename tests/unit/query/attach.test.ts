import { testPipeline } from '../../helpers/pipeline.ts';

const HEADER = 'id,name,email,signup_date,status\n';

test('an empty lake has all tables, without rows', async () => {
  const { query } = testPipeline();
  for (const table of ['silver.signups', 'gold.signups_by_day', 'quarantine.signups', 'runs'])
    expect(await query(`FROM ${table}`)).toEqual([]);
});

test('the view of a dataset shows quarantined rows of folders that differ in case', async () => {
  const { drop, query } = testPipeline();
  const good = Array.from({ length: 40 }, (_, i) => `${i + 1},A,a${i}@example.com,2024-01-02,active`);
  await drop('signups/a.csv', `${HEADER}${good.join('\n')}\n99,,b@example.com,2024-01-02,active\n`);
  await drop('Signups/b.csv', `${HEADER}1,A,a@example.com,2024-01-02,active\n`);
  expect(await query('SELECT source_key, scope FROM quarantine.signups ORDER BY source_key DESC')).toEqual([
    { source_key: 'signups/a.csv', scope: 'row' },
    { source_key: 'Signups/b.csv', scope: 'file' },
  ]);
});

test('quarantined files of an unknown dataset have a view too', async () => {
  const { drop, query } = testPipeline();
  await drop('no such "dataset"/a.csv', 'x\n1\n');
  expect(await query('SELECT reasons[1].rule AS rule FROM quarantine."no such ""dataset"""')).toEqual([
    { rule: 'UnknownDataset' },
  ]);
});
