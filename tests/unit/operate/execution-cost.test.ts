import { costOf, usagesIn } from '../../../operate/execution-cost.ts';
import { consumed } from '../../../shared/run/consumption.ts';
import { estimateCost, NOTHING } from '../../../shared/run/prices.ts';
import { cleanSteps, engineOn, failing, OUTPUTS, someEvent } from '../../helpers/engine.ts';
import { testPipeline } from '../../helpers/pipeline.ts';
import { scratch } from '../../helpers/scratch.ts';

const HEADER = 'id,first_name,last_name,email,gender,ip_address,status,country_code,signup_date\n';

test('usages are found under any name, and nothing else is counted as one', () => {
  const usage = { duration_ms: 1, memory_mb: 2, requests: 3, bytes_read: 4, bytes_written: 5 };
  expect(usagesIn({ validate: { usage }, larger: { usage }, detail: { usage: 7 }, time: 'x' })).toEqual({
    validate: usage,
    larger: usage,
  });
  expect([usagesIn(undefined), usagesIn('text')]).toEqual([{}, {}]);
});

test('the way through the state machine is the one that the run record counts', async () => {
  const pipeline = testPipeline();
  const unknown = await pipeline.drop('nonsense/a.csv', 'id\n1\n');
  const refused = await pipeline.drop('signups/a.csv', HEADER);
  for (const execution of [unknown, refused]) {
    const cost = costOf(execution);
    const record = (await pipeline.runs()).find(({ execution: id }) => id === execution.id);
    expect(cost).toMatchObject({ transitions: record?.transitions, invocations: record?.invocations });
    expect(cost.transitions).toBe(execution.visits.length + 1);
    // Validate failed, and what it used nobody knows.
    expect(cost.at_least).toBe(true);
    // On AWS the list is made of outputs alone.
    expect(costOf({ ...execution, visits: [] }).transitions).toBe(cost.transitions);
  }
});

test.each(['OutOfMemory', 'UnreadableFile'])(
  'what Validate used until %s is not known, to a list of outputs either',
  async (error) => {
    const steps = { ...cleanSteps(), Validate: failing(error, {}) };
    const execution = await engineOn(scratch(), { steps }).run(someEvent());
    const cost = costOf(execution);
    expect(cost).toMatchObject({ at_least: true, transitions: execution.visits.length + 1 });
    expect(costOf({ ...execution, visits: [] })).toEqual(cost);
  },
);

test('the cost of a round that another contract ended is not known', async () => {
  const steps = { ...cleanSteps(), Transform: failing('ContractChanged', OUTPUTS.Transform, 1) };
  const execution = await engineOn(scratch(), { steps }).run(someEvent());
  expect(costOf(execution)).toMatchObject({ at_least: true, transitions: execution.visits.length + 1 });
  expect(costOf({ ...execution, visits: [] })).toMatchObject({ at_least: true });
});

test('a loaded file: the sum of its states, which is what the record says', async () => {
  const pipeline = testPipeline();
  const csv = 'date,precipitation,temp_max,temp_min,wind,weather\n2012-01-01,0.0,12.8,5.0,4.7,drizzle\n';
  const execution = await pipeline.drop('weather/a.csv', csv);
  const [record] = await pipeline.runs();
  const cost = costOf(execution);
  expect(record?.status).toBe('loaded');
  expect(cost).toMatchObject({ at_least: false, transitions: 8, invocations: 4 });
  // The record is written twice: under its id, and among the newest.
  expect(cost.requests_write).toBe((record?.requests_write ?? 0) + 2);
  expect(cost.requests_read).toBe(record?.requests_read);
  const usages = Object.values(usagesIn(execution.output));
  expect(cost.usd).toBeCloseTo(estimateCost({ ...consumed(usages), transitions: 8 }), 8);
  expect(cost.usd).toBeGreaterThan(estimateCost({ ...NOTHING, transitions: 8 }));
});
