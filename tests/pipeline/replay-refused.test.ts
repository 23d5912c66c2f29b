import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderOutcome } from '../../cli/render/outcome.ts';
import { createTerminal } from '../../cli/render/terminal.ts';
import { outcomeOf } from '../../operate/outcome.ts';
import { listRefusals } from '../../operate/refusals.ts';
import { config } from '../helpers/engine.ts';
import { datasets, type TestPipeline, testPipeline } from '../helpers/pipeline.ts';
import { contractYaml } from '../helpers/silver-lake.ts';

const contract = (most: number, threshold: number): string =>
  contractYaml(
    't',
    [
      '{ name: id, logicalType: integer, primaryKey: true }',
      `{ name: n, logicalType: integer, logicalTypeOptions: { maximum: ${most} } }`,
    ],
    [`{ property: qualityThreshold, value: ${threshold} }`],
  );

/** A pipeline under a rule that is too strict, and the function that corrects it. */
const strictPipeline = () => {
  const sqlDir = datasets({ 't/contract.yaml': contract(10, 1) });
  return {
    ...testPipeline({ sqlDir }),
    fix: () => writeFileSync(path.join(sqlDir, 't/contract.yaml'), contract(100, 0)),
  };
};

const silverOf = ({ query }: TestPipeline) => query('SELECT id, n FROM silver.t ORDER BY id');
const refusedOf = ({ query }: TestPipeline) =>
  query('SELECT source_key, scope, line FROM quarantine.t ORDER BY ALL NULLS FIRST');

const nowhere = { isTTY: false } as NodeJS.WriteStream;
const terminal = createTerminal(nowhere, nowhere, {});

test('Monday refused, Tuesday loaded, rule fixed, Monday replayed', async () => {
  const pipeline = strictPipeline();
  const { engine, put, query, fix, lake } = pipeline;

  const monday = await put('t/monday.csv', 'id,n\n1,1\n2,20\n3,3\n');
  const refused = outcomeOf(await engine.run(monday));
  const sums = 'The whole file was refused: 3 rows = 1 breaking the contract + 2 keeping it.';
  expect(refused).toMatchObject({ verdict: 'quarantined', reason: expect.stringContaining(sums) });
  const printed = renderOutcome(refused, terminal);
  expect(printed).toContain(sums);
  expect(printed).toMatch(/\n {2}see quarantine\/t\/reports\/\w+\.txt\n/);
  expect(printed).toMatch(/fix the contract, then: duckstep replay t\/monday\.csv$/);
  expect(await query('SELECT reason FROM runs')).toEqual([{ reason: refused.reason }]);
  const whole = [
    { source_key: 't/monday.csv', scope: 'file', line: null },
    { source_key: 't/monday.csv', scope: 'row', line: 3 },
  ];
  expect(await refusedOf(pipeline)).toEqual(whole);
  const [refusal] = (await listRefusals({ lake, config }, {})).refusals;
  expect(refusal?.report).toMatchObject({
    ...{
      scope: 'file',
      rows: { read: 3, accepted: 2, rejected: 1 },
      file: { bytes: 18, format: 'csv, utf-8' },
    },
    refused: [{ column: 'n', rule: 'maximum', rows: 1, distinct: 1, values: [{ value: '20', rows: 1 }] }],
  });

  await pipeline.drop('t/tuesday.csv', 'id,n\n3,7\n4,4\n');
  expect(await silverOf(pipeline)).toEqual([
    { id: 3, n: 7 },
    { id: 4, n: 4 },
  ]);

  fix();
  await engine.run({ ...monday, replay: { requested_at: new Date().toISOString() } });
  expect(await silverOf(pipeline)).toEqual([
    { id: 1, n: 1 },
    { id: 2, n: 20 },
    { id: 3, n: 7 },
    { id: 4, n: 4 },
  ]);
  expect(await refusedOf(pipeline)).toEqual([]);
  expect((await listRefusals({ lake, config }, {})).refusals).toEqual([]);
  expect(
    await query(
      'SELECT source_key, scope, line, standing FROM quarantine_history.t ORDER BY ALL NULLS FIRST',
    ),
  ).toEqual(whole.map((row) => ({ ...row, standing: false })));
  const runs = await query(`SELECT status, rows_read, rows_rejected, rows_silver
    FROM runs WHERE source_key = 't/monday.csv' ORDER BY finished_at DESC`);
  expect(runs[0]).toEqual({ status: 'loaded', rows_read: 3, rows_rejected: 0, rows_silver: 3 });
  // A run under another contract is another run, and the first one keeps its record.
  for (const earlier of runs.slice(1))
    expect(earlier).toEqual({ status: 'quarantined', rows_read: 3, rows_rejected: 3, rows_silver: 0 });
});

test('after a replay the rows that still break the contract are in quarantine, and no others', async () => {
  const pipeline = strictPipeline();
  const monday = await pipeline.put('t/monday.csv', 'id,n\n1,1\n2,20\n3,x\n');
  await pipeline.engine.run(monday);
  pipeline.fix();
  await pipeline.engine.run({ ...monday, replay: { requested_at: new Date().toISOString() } });
  expect(await refusedOf(pipeline)).toEqual([{ source_key: 't/monday.csv', scope: 'row', line: 4 }]);
});

test('the same bytes uploaded twice add nothing to quarantine', async () => {
  const pipeline = strictPipeline();
  pipeline.fix();
  for (const _ of [1, 2]) await pipeline.drop('t/a.csv', 'id,n\n1,1\n2,x\n');
  expect(await refusedOf(pipeline)).toEqual([{ source_key: 't/a.csv', scope: 'row', line: 3 }]);
  expect(await pipeline.query('SELECT standing FROM quarantine_history.t ORDER BY standing')).toEqual([
    { standing: false },
    { standing: true },
  ]);
});
