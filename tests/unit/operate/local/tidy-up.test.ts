import { openLake } from '../../../../operate/local/lake.ts';
import { expireStaging } from '../../../../operate/local/tidy-up.ts';
import { scratch } from '../../../helpers/scratch.ts';

const DAY = 24 * 60 * 60 * 1000;

test('staged objects go after the redrive window, and nothing else does', async () => {
  const { silver } = openLake(scratch());
  await silver.write('_staging/run/records.parquet', 'staged');
  await silver.write('signups/data/a.parquet', 'data');

  expect(await expireStaging(silver, Date.now() + 13 * DAY)).toBe(0);
  expect(await silver.head('_staging/run/records.parquet')).toBeDefined();

  expect(await expireStaging(silver, Date.now() + 15 * DAY)).toBe(1);
  expect(await silver.head('_staging/run/records.parquet')).toBeUndefined();
  expect(await silver.head('signups/data/a.parquet')).toBeDefined();
});
