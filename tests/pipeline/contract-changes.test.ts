import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Execution } from '../../operate/execution.ts';
import { loadContract } from '../../shared/contract/load.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import { datasets, type TestPipeline, testPipeline } from '../helpers/pipeline.ts';
import { contractYaml } from '../helpers/silver-lake.ts';

const ID = '{ name: id, logicalType: integer, primaryKey: true }';
const at = (version: string, yaml: string): string => yaml.replace('version: 1.0.0', `version: ${version}`);
/** A contract of `t`: its version, the most that `n` may be, and further columns. */
const contract = (version: string, most: number, ...more: string[]): string =>
  at(
    version,
    contractYaml(
      't',
      [ID, `{ name: n, logicalType: integer, logicalTypeOptions: { maximum: ${most} } }`, ...more],
      ['{ property: qualityThreshold, value: 0 }'],
    ),
  );
const BEFORE = contract('1.0.0', 10);
/** Accepts another row, and has a column more. */
const AFTER = contract('2.0.0', 100, '{ name: late, logicalType: string }');
const FILE = 'id,n,late\n1,1,a\n2,20,b\n3,x,c\n';

/** A pipeline in which another contract is deployed when the state ends, however it ends. */
const deployingAfter = (state: string, before: string, after: string) => {
  const sqlDir = datasets({ 't/contract.yaml': before });
  let deployed = false;
  const pipeline = testPipeline({
    sqlDir,
    onEvent: (_, event) => {
      if (deployed || !('state' in event) || event.state !== state || event.type === 'StateEntered') return;
      deployed = true;
      writeFileSync(path.join(sqlDir, 't/contract.yaml'), after);
    },
  });
  return { sqlDir, pipeline };
};

const statesOf = ({ visits }: Execution): string[] => visits.map(({ state }) => state);
const fingerprintOf = async (yaml: string): Promise<string> =>
  (await loadContract(datasets({ 't/contract.yaml': yaml }), 't')).fingerprint;

/** Everything that a run leaves names the run of the record; returns the record. */
const onlyRun = async ({ query, runs, lake }: TestPipeline) => {
  const [record, ...others] = await runs();
  expect(others).toEqual([]);
  const run_id = record?.run_id ?? '';
  const runIds = async (table: string, column: string) =>
    (await query(`SELECT DISTINCT ${column} AS id FROM ${table}`)).map(({ id }) => id);
  if (record?.status === 'loaded') expect(await runIds('silver.t', '_run_id')).toEqual([run_id]);
  expect(await runIds('quarantine.t', 'run_id')).toEqual([run_id]);
  const report = JSON.parse(String(await lake.quarantine.read(lakePaths.quarantineReport('t', run_id))));
  expect(report.run).toMatchObject({ run_id, contract_fingerprint: record?.contract_fingerprint });
  return record;
};

const JUDGED = {
  '1.0.0': { silver: [1], lines: [3, 4] },
  '2.0.0': { silver: [1, 2], lines: [4] },
} as const;

test.each([
  ['Validate', '2.0.0', ['Validate', 'QualityScore', 'ContractChanged', 'Validate']],
  [
    'QualityScore',
    '2.0.0',
    ['Validate', 'QualityScore', 'QualityGate', 'Transform', 'ContractChanged', 'Validate'],
  ],
  [
    'Transform',
    '2.0.0',
    ['Validate', 'QualityScore', 'QualityGate', 'Transform', 'LoadToGold', 'ContractChanged', 'Validate'],
  ],
  ['LoadToGold', '1.0.0', ['Validate', 'QualityScore', 'QualityGate', 'Transform', 'LoadToGold']],
] as const)(
  'a contract that changes after %s: version %s alone judges the file',
  async (state, version, route) => {
    const { pipeline } = deployingAfter(state, BEFORE, AFTER);
    const execution = await pipeline.drop('t/a.csv', FILE);
    expect(execution.status).toBe('succeeded');
    expect(statesOf(execution).slice(0, route.length)).toEqual(route);
    expect(statesOf(execution).slice(-3)).toEqual(['RowsRejected', 'Quarantine', 'Succeeded']);

    const { silver, lines } = JUDGED[version];
    expect(await onlyRun(pipeline)).toMatchObject({
      contract_version: version,
      contract_fingerprint: await fingerprintOf(version === '1.0.0' ? BEFORE : AFTER),
      ...{ status: 'loaded', rows_read: 3, rows_accepted: silver.length, rows_rejected: lines.length },
      rows_silver: silver.length,
    });
    expect((await pipeline.query('SELECT id FROM silver.t ORDER BY id')).map(({ id }) => id)).toEqual(silver);
    expect(
      (await pipeline.query('SELECT line FROM quarantine.t ORDER BY line')).map(({ line }) => line),
    ).toEqual(lines);
  },
);

test('a file that one contract refuses is recorded under that contract, also if another is deployed before Quarantine', async () => {
  const refusing = contract('1.0.0', 10, '{ name: code, logicalType: string, required: true }');
  const { pipeline } = deployingAfter('Validate', refusing, AFTER);
  const execution = await pipeline.drop('t/a.csv', FILE);
  expect(statesOf(execution)).toEqual(['Validate', 'Quarantine', 'Succeeded']);
  expect(await onlyRun(pipeline)).toMatchObject({
    ...{ status: 'quarantined', error: 'ContractMismatch', rows_silver: 0 },
    contract_version: '1.0.0',
    contract_fingerprint: await fingerprintOf(refusing),
    source_bytes: FILE.length,
  });
});

test('a file that the new contract refuses goes to quarantine as a whole, without results of the earlier one', async () => {
  const refusing = contract('2.0.0', 10, '{ name: code, logicalType: string, required: true }');
  const { pipeline } = deployingAfter('QualityScore', BEFORE, refusing);
  const execution = await pipeline.drop('t/a.csv', FILE);
  expect(statesOf(execution).slice(-4)).toEqual(['ContractChanged', 'Validate', 'Quarantine', 'Succeeded']);
  expect(execution.output).not.toHaveProperty('quality');
  expect(await onlyRun(pipeline)).toMatchObject({
    ...{ status: 'quarantined', error: 'ContractMismatch', score: null, contract_version: '2.0.0' },
  });
});

test('a dataset that is removed after Validate is unknown', async () => {
  const sqlDir = datasets({ 't/contract.yaml': BEFORE, 'u/contract.yaml': contractYaml('u', [ID]) });
  const pipeline = testPipeline({
    sqlDir,
    onEvent: (_, event) => {
      if (event.type === 'StateExited' && event.state === 'Validate')
        rmSync(path.join(sqlDir, 't'), { recursive: true, force: true });
    },
  });
  const execution = await pipeline.drop('t/a.csv', FILE);
  expect(execution.output).toMatchObject({ error: { Error: 'UnknownDataset' } });
  const [{ run_id = '', ...record } = {}] = await pipeline.runs();
  expect(record).toMatchObject({
    error: 'UnknownDataset',
    contract_version: null,
    contract_fingerprint: null,
  });
  expect(await pipeline.lake.quarantine.read(lakePaths.quarantineReport('t', run_id))).toBeDefined();
});

test('a redrive after the contract was fixed: the file is judged again, and loaded with the column that was added', async () => {
  const sqlDir = datasets({ 't/contract.yaml': BEFORE, 't/silver.sql': 'SELECT _row, id FROM accepted' });
  const pipeline = testPipeline({ sqlDir });
  const failed = await pipeline.drop('t/a.csv', FILE);
  expect(failed).toMatchObject({ error: { Error: 'ModelFailed' }, resume: { state: 'Transform' } });
  writeFileSync(path.join(sqlDir, 't/contract.yaml'), AFTER);
  writeFileSync(path.join(sqlDir, 't/silver.sql'), 'SELECT _row, id, n, late FROM accepted');
  const redriven = await pipeline.engine.redrive(failed.id);
  expect(redriven).toMatchObject({ status: 'succeeded', attempts: 2 });
  expect(statesOf(redriven).slice(4, 7)).toEqual(['Transform', 'ContractChanged', 'Validate']);
  expect(await onlyRun(pipeline)).toMatchObject({ contract_version: '2.0.0', rows_silver: 2 });
  expect(await pipeline.query('SELECT id, late FROM silver.t ORDER BY id')).toEqual([
    { id: 1, late: 'a' },
    { id: 2, late: 'b' },
  ]);
});

test('a redrive under another contract, of a run whose rows are committed already: its rows are replaced, not left without a record', async () => {
  const model = (select: string) =>
    `/*---\ncolumns:\n  - { name: n, logicalType: integer }\n---*/\n${select}`;
  const sqlDir = datasets({
    't/contract.yaml': BEFORE,
    't/gold/sums.sql': model(`SELECT error('no') AS n FROM silver.t`),
  });
  const pipeline = testPipeline({ sqlDir });
  const failed = await pipeline.drop('t/a.csv', FILE);
  expect(failed).toMatchObject({ error: { Error: 'ModelFailed' }, resume: { state: 'LoadToGold' } });
  expect(await pipeline.query('SELECT count(*) AS n FROM silver.t')).toEqual([{ n: 1 }]);
  // The same rows, by another contract.
  writeFileSync(path.join(sqlDir, 't/contract.yaml'), contract('1.0.1', 10));
  writeFileSync(path.join(sqlDir, 't/gold/sums.sql'), model('SELECT sum(n) AS n FROM silver.t'));
  expect(await pipeline.engine.redrive(failed.id)).toMatchObject({ status: 'succeeded' });
  expect(await onlyRun(pipeline)).toMatchObject({ contract_version: '1.0.1', rows_silver: 1 });
  expect(await pipeline.query('FROM gold.sums')).toEqual([{ n: 1 }]);
});

test('an event that arrives twice is one run under one contract, and two under two', async () => {
  const sqlDir = datasets({ 't/contract.yaml': BEFORE });
  const pipeline = testPipeline({ sqlDir });
  const event = await pipeline.put('t/a.csv', FILE);
  await pipeline.engine.run(event);
  await pipeline.engine.run(event);
  expect(await pipeline.runs()).toHaveLength(1);
  writeFileSync(path.join(sqlDir, 't/contract.yaml'), AFTER);
  await pipeline.engine.run(event);
  await pipeline.engine.run(event);
  const [first, second, ...others] = await pipeline.runs();
  expect(others).toEqual([]);
  expect([first?.contract_version, second?.contract_version]).toEqual(['1.0.0', '2.0.0']);
  expect(await pipeline.query('SELECT DISTINCT _run_id FROM silver.t')).toEqual([
    { _run_id: second?.run_id },
  ]);
});

test('reference data is a part of the contract', async () => {
  const sqlDir = datasets({
    't/contract.yaml': contractYaml('t', [
      ID,
      '{ name: label, logicalType: string, transformLogic: silver.sql }',
    ]),
    't/silver.sql': 'SELECT _row, id, label FROM accepted LEFT JOIN ref.labels USING (id)',
    't/labels.csv': 'id,label\n1,one\n',
  });
  const pipeline = testPipeline({
    sqlDir,
    onEvent: (_, event) => {
      if (event.type === 'StateExited' && event.state === 'Transform')
        writeFileSync(path.join(sqlDir, 't/labels.csv'), 'id,label\n1,uno\n');
    },
  });
  const execution = await pipeline.drop('t/a.csv', 'id\n1\n');
  expect(statesOf(execution).filter((state) => state === 'ContractChanged')).toHaveLength(1);
  expect(await pipeline.query('SELECT label FROM silver.t')).toEqual([{ label: 'uno' }]);
});
