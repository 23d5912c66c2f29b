import { costText, dollars } from '../../../cli/render/dollars.ts';
import { renderExecution, renderExecutions } from '../../../cli/render/execution.ts';
import { createTerminal } from '../../../cli/render/terminal.ts';
import { costOf, usagesIn } from '../../../operate/execution-cost.ts';
import { detailOf, summaryOf } from '../../../operate/listing.ts';
import { consumed } from '../../../shared/run/consumption.ts';
import { estimateCost, NOTHING } from '../../../shared/run/prices.ts';
import { cleanSteps, engineOn, failing, someEvent } from '../../helpers/engine.ts';
import { testPipeline } from '../../helpers/pipeline.ts';
import { scratch } from '../../helpers/scratch.ts';

const nowhere = { isTTY: false } as NodeJS.WriteStream;
const terminal = createTerminal(nowhere, nowhere, {});

const HEADER = 'id,first_name,last_name,email,gender,ip_address,status,country_code,signup_date\n';

test.each([
  [0, 0.000142, '$0.000142'],
  [0, 12.345, '$12.3'],
  [0, 1234.5, '$1,230'],
  [0, 0, '$0'],
  [0, 0.00000012, '$0.00000012'],
])('%i %f is %s', (_, usd, text) => {
  expect(dollars(usd)).toBe(text);
});

test('says where more is not known', () => {
  expect(costText({ usd: 0.001, at_least: false })).toBe('$0.001');
  expect(costText({ usd: 0.001, at_least: true })).toBe('at least $0.001');
});

test('usages are found under whatever name, and nothing else is taken for one', () => {
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

test('a loaded file: the sum of its states, which is what the record says', async () => {
  const pipeline = testPipeline();
  const csv = 'date,precipitation,temp_max,temp_min,wind,weather\n2012-01-01,0.0,12.8,5.0,4.7,drizzle\n';
  const execution = await pipeline.drop('weather/a.csv', csv);
  const [record] = await pipeline.runs();
  const cost = costOf(execution);
  expect(record?.status).toBe('loaded');
  expect(cost).toMatchObject({ at_least: false, transitions: 8, invocations: 4 });
  expect(cost.requests_write).toBe((record?.requests_write ?? 0) + 1);
  expect(cost.requests_read).toBe(record?.requests_read);
  const usages = Object.values(usagesIn(execution.output));
  expect(cost.usd).toBeCloseTo(estimateCost({ ...consumed(usages), transitions: 8 }), 8);
  expect(cost.usd).toBeGreaterThan(estimateCost({ ...NOTHING, transitions: 8 }));
  expect(renderExecution(detailOf(execution), terminal)).toMatch(
    /^cost {6}\$0\.00\d+ on AWS \(us-east-1\), .* GB-s in 4 invocations, .* 8 transitions/m,
  );
  expect(renderExecutions([summaryOf(execution)], terminal)[2]).toMatch(/\$0\.00\d+$/);
});
