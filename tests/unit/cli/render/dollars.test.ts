import { costText, dollars } from '../../../../cli/render/dollars.ts';
import { renderExecution, renderExecutions } from '../../../../cli/render/execution.ts';
import { createTerminal } from '../../../../cli/render/terminal.ts';
import { detailOf, summaryOf } from '../../../../operate/listing.ts';
import { testPipeline } from '../../../helpers/pipeline.ts';

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

test('the list and the details of an execution show its cost', async () => {
  const nowhere = { isTTY: false } as NodeJS.WriteStream;
  const terminal = createTerminal(nowhere, nowhere, {});
  const csv = 'date,precipitation,temp_max,temp_min,wind,weather\n2012-01-01,0.0,12.8,5.0,4.7,drizzle\n';
  const execution = await testPipeline().drop('weather/a.csv', csv);
  expect(renderExecution(detailOf(execution), terminal)).toMatch(
    /^cost {6}\$0\.00\d+ on AWS \(us-east-1\), .* GB-s in 4 invocations, .* 8 transitions/m,
  );
  expect(renderExecutions([summaryOf(execution)], terminal)[2]).toMatch(/\$0\.00\d+$/);
});
