import { testPipeline } from '../helpers/pipeline.ts';

test('a clean file passes all states', async () => {
  const { drop, query, runs } = testPipeline();
  const execution = await drop(
    'signups/a.csv',
    'id,name,email,signup_date,status\n1,Ada,ada@example.com,2024-01-02,active\n',
  );
  expect(execution.error).toBeUndefined();
  expect(execution.visits.map(({ state }) => state)).toEqual([
    'Validate',
    'QualityScore',
    'QualityGate',
    'Transform',
    'LoadToGold',
    'RowsRejected',
    'Succeeded',
  ]);
  expect(await query('SELECT id, email FROM silver.signups')).toEqual([{ id: 1, email: 'ada@example.com' }]);
  expect(await runs()).toMatchObject([{ status: 'loaded', rows_read: 1, rows_silver: 1 }]);
});
