import { qualityScore } from '../../../functions/quality-score.ts';
import { quarantine } from '../../../functions/quarantine.ts';
import { validate } from '../../../functions/validate.ts';
import { loadContract } from '../../../shared/contract/load.ts';
import { InvalidInput } from '../../../shared/errors.ts';
import { identify } from '../../../shared/run/run-identity.ts';
import { QuarantineReport } from '../../../shared/stages/quarantine/report.ts';
import { summarise } from '../../../shared/stages/quarantine/summary.ts';
import { someEvent } from '../../helpers/engine.ts';
import { StepRunner } from '../../helpers/run-steps.ts';
import { contractYaml } from '../../helpers/silver-lake.ts';
import { type Bench, bench, contentsOf, envelope } from '../../helpers/steps.ts';

const LOADED = { status: 'loaded', silver_version: 1, gold: [], run_record: '_runs/x.json' };
const USAGE = { duration_ms: 1, memory_mb: 1, requests: 1, bytes_read: 1, bytes_written: 1 };
const MIXED = 'id,name\n1,Ada\nx,Bo\n,\n4\n';

const summaryOf = async ({ lake }: Bench, { summary }: { summary: string }): Promise<string> =>
  String(await lake.quarantine.read(summary))
    .replaceAll(/(Uploaded|Run) .*/g, '$1 …')
    .replaceAll(/\(version .*\)/g, '(version …)');

test('rows: the rejected ones, with a summary for people; no run record, because LoadToGold wrote it', async () => {
  const at = bench();
  const state = { ...(await at.validated(MIXED)), load: { ...LOADED, usage: USAGE } };
  const output = await quarantine(envelope(state), at.context);
  expect(output).toMatchObject({ scope: 'rows', rows: 3 });
  expect(await contentsOf(at.lake.gold)).toEqual({});
  expect(await summaryOf(at, output)).toBe(`3 rows are in quarantine; the rest is loaded.

File      raw/people/file (version …)
          23 bytes, read as csv, utf-8
Dataset   people
Uploaded …
Run …
Why       Rows break the contract.
Rows      4 read, 1 accepted, 3 rejected

Rows rejected by
         1  id: required
         1  id: type
                   1  "x"
         1  name: required
         1  columns

The file itself is unchanged in the raw zone. If the file is wrong, upload a corrected one under the same key.
If the contract is wrong, fix it, deploy it, and run this version again, which keeps its place in the order of uploads:
  npx duckstep replay people/file
`);
});

test('a file that the gate closed on: one row for the file, one per rejected row, and the run record', async () => {
  const at = bench();
  const state = await at.validated(MIXED);
  const scored = { ...state, quality: await qualityScore(envelope(state), at.context) };
  const output = await quarantine(envelope(scored), at.context);
  expect(output).toMatchObject({ scope: 'file', rows: 4 });
  const summary = await summaryOf(at, output);
  expect(summary).toMatch(/^The whole file is in quarantine\./);
  expect(summary).toMatch(
    /Rules broken\n {2}schema\.conformity: every value fits its type and limits; measured 2/,
  );
  const [record] = Object.values(await contentsOf(at.lake.gold)).map((text) => JSON.parse(atob(text)));
  expect(record).toMatchObject({
    status: 'quarantined',
    verdict: 'fail',
    error: null,
    ...{ rows_read: 4, rows_accepted: 0, rows_rejected: 4, rows_silver: 0 },
    score: scored.quality.score,
    reason: `${scored.quality.reason} The whole file was refused: 4 rows = 3 breaking the contract + 1 keeping it. The rest is in the raw file, and loads when the file is replayed after a fix of the contract, or uploaded corrected.`,
  });
  expect(summary).toContain(
    'Rows      4 read = 3 breaking the contract + 1 keeping it; all are refused with the file',
  );
});

test.each([
  [
    'what Lambda reports',
    JSON.stringify({ errorType: 'UnreadableFile', errorMessage: 'It is torn.', trace: [] }),
  ],
  ['plain text', 'It is torn.'],
])('a file that could not be read: %s', async (_, Cause) => {
  const at = bench();
  const state = { ...(await at.put('\0\0\0')), error: { Error: 'UnreadableFile', Cause } };
  const output = await quarantine(envelope(state), at.context);
  expect(output).toMatchObject({ scope: 'file', rows: 1 });
  expect(JSON.parse(String(await at.lake.quarantine.read(output.report)))).toMatchObject({
    scope: 'file',
    reason: 'It is torn.',
    error: { name: 'UnreadableFile', message: 'It is torn.' },
    file: { bytes: 3 },
    refused: [],
  });
  const [record] = Object.values(await contentsOf(at.lake.gold)).map((text) => JSON.parse(atob(text)));
  expect(record).toMatchObject({
    status: 'quarantined',
    verdict: 'error',
    error: 'UnreadableFile',
    rows_read: 0,
    source_bytes: 3,
    // The execution began under an earlier release: Validate has staged nothing.
    ...{ run_id: identify(state).run_id, contract_version: null, contract_fingerprint: null },
  });
});

test('a file that Validate refused is recorded under the contract that it was refused by', async () => {
  const at = bench();
  const event = await at.put('nonsense\n1\n');
  const refusal = await validate(envelope(event), at.context).catch((error: Error) => error);
  expect(refusal).toMatchObject({ name: 'ContractMismatch' });
  const { fingerprint } = await loadContract(at.context.config.sqlDir, 'people');
  const context = { ...at.context, config: { ...at.context.config, sqlDir: 'nowhere' } };
  const state = { ...event, error: { Error: 'ContractMismatch', Cause: 'Columns are missing.' } };
  const output = await quarantine(envelope(state), context);
  const run = identify(event, fingerprint);
  expect(await reportOf(at, output)).toMatchObject({ run });
  expect(output.report).toContain(run.run_id);
  const [record] = Object.values(await contentsOf(at.lake.gold)).map((text) => JSON.parse(atob(text)));
  expect(record).toMatchObject({
    ...{ run_id: run.run_id, contract_version: '1.0.0' },
    contract_fingerprint: fingerprint,
  });
});

test('a repetition writes the same again, and the run record stays as it is', async () => {
  const at = bench();
  const state = await at.validated(MIXED);
  const scored = { ...state, quality: await qualityScore(envelope(state), at.context) };
  await quarantine(envelope(scored), at.context);
  const before = [await contentsOf(at.lake.quarantine), await contentsOf(at.lake.gold)];
  await quarantine(envelope(scored), at.context);
  expect([await contentsOf(at.lake.quarantine), await contentsOf(at.lake.gold)]).toEqual(before);
});

/** The state after QualityScore, and the key of its report. */
const scoredState = async (at: Bench) => {
  const state = await at.validated(MIXED);
  const quality = await qualityScore(envelope(state), at.context);
  return { state: { ...state, quality }, key: quality.report };
};

const reportOf = async ({ lake }: Bench, { report }: { report: string }): Promise<QuarantineReport> =>
  QuarantineReport.parse(JSON.parse(String(await lake.quarantine.read(report))));

test('the report has the rejected rows by rule, and every measure of QualityScore as it was staged', async () => {
  const at = bench();
  const { state, key } = await scoredState(at);
  const report = await reportOf(at, await quarantine(envelope(state), at.context));
  expect(report).toMatchObject({ run: state.validate.run, scope: 'file', rows: state.validate.rows });
  expect(report.refused).toContainEqual({ column: 'id', rule: 'required', rows: 1 });
  expect(report.measures).toEqual(JSON.parse(String(await at.lake.silver.read(key))).measures);
  expect(report.measures?.length).toBeGreaterThan(3);
});

test('the staged report may be of another build: with keys that are unknown, without those that are optional', async () => {
  const at = bench();
  const { state, key } = await scoredState(at);
  const staged = JSON.parse(String(await at.lake.silver.read(key)));
  const plain = { rule: 'r', dimension: 'conformity', severity: 'error', threshold: 't' };
  const measure = { ...plain, measured: 2, passed: false, share: 0.5 };
  await at.lake.silver.write(
    key,
    JSON.stringify({ ...staged, measures: [{ ...measure, news: 1 }], news: 1 }),
  );
  const report = await reportOf(at, await quarantine(envelope(state), at.context));
  expect(report.measures).toEqual([measure]);
});

test('a file whose staged report has expired is kept without measures', async () => {
  const at = bench();
  const { state, key } = await scoredState(at);
  await at.lake.silver.remove(key);
  const report = await reportOf(at, await quarantine(envelope(state), at.context));
  expect(report).not.toHaveProperty('measures');
  expect(report).toMatchObject({ score: state.quality.score });
});

test.each(['{"measures": "secret"}', 'secret'])(
  'a staged report that is damaged is an error: %s',
  async (body) => {
    const at = bench();
    const { state, key } = await scoredState(at);
    await at.lake.silver.write(key, body);
    const failing = quarantine(envelope(state), at.context);
    await expect(failing).rejects.toThrow(InvalidInput);
    await expect(failing).rejects.toThrow(key);
    await expect(failing).rejects.not.toThrow(/secret/);
  },
);

test('the input of another step is rejected', async () => {
  const at = bench();
  await expect(quarantine(envelope({ key: 'people/file' }), at.context)).rejects.toThrow(InvalidInput);
});

describe('the refused values in the report', () => {
  const PROPERTIES = [
    '{ name: id, logicalType: integer }',
    '{ name: pin, logicalType: integer, classification: Restricted }',
    '{ name: card, logicalType: integer, encryptedName: card_encrypted }',
    '{ name: open, logicalType: integer, classification: internal }',
  ];
  const LONG = '€'.repeat(150);
  const LINES = [
    'id,pin,card,open',
    'a,SECRET,4711x,y',
    'a,SECRET,4711x,y',
    `${LONG},12345z,4711x,y`,
    '1,2,3,4',
  ];

  const runnerOf = async () => {
    const runner = new StepRunner({ 'people/contract.yaml': contractYaml('people', PROPERTIES) });
    return { runner, state: await runner.scored(`${LINES.join('\n')}\n`) };
  };

  test('have their counts, and those of restricted columns are masked wherever texts are for people', async () => {
    const { runner, state } = await runnerOf();
    const output = await quarantine(envelope(state), runner.context);
    const stored = String(await runner.lake.quarantine.read(output.report));
    const { refused } = QuarantineReport.parse(JSON.parse(stored));
    expect(refused).toEqual([
      ...[
        {
          column: 'card',
          rule: 'type',
          rows: 3,
          masked: true,
          distinct: 1,
          values: [{ length: 5, rows: 3 }],
        },
        {
          ...{ column: 'id', rule: 'type', rows: 3, distinct: 2 },
          values: [
            { value: 'a', rows: 2 },
            { value: `${'€'.repeat(100)}…`, rows: 1 },
          ],
        },
        { column: 'open', rule: 'type', rows: 3, distinct: 1, values: [{ value: 'y', rows: 3 }] },
      ],
      {
        ...{ column: 'pin', rule: 'type', rows: 3, masked: true, distinct: 2 },
        values: [
          { length: 6, rows: 2 },
          { length: 6, rows: 1 },
        ],
      },
    ]);
    const summary = String(await runner.lake.quarantine.read(output.summary));
    expect(summary).toContain('       2  a value of 6 characters (not shown)');
    for (const text of [stored, summary, JSON.stringify(output), JSON.stringify(state)])
      expect(text).not.toMatch(/SECRET|12345z|4711x/);
    const records = Object.values(await contentsOf(runner.lake.gold)).map((text) => atob(text));
    expect(records.join()).not.toMatch(/SECRET|€|"a"/);
  });

  test('are all masked where the contract cannot be read any more, or has other columns', async () => {
    const renamed = contractYaml('people', ['{ name: other, logicalType: string }']);
    for (const files of [
      {},
      { 'people/contract.yaml': 'apiVersion: v1' },
      { 'people/contract.yaml': renamed },
    ]) {
      const { runner, state } = await runnerOf();
      runner.deploy(files);
      const report = String(
        await runner.lake.quarantine.read((await quarantine(envelope(state), runner.context)).report),
      );
      expect(QuarantineReport.parse(JSON.parse(report)).refused.map(({ masked }) => masked)).toEqual(
        Array(4).fill(true),
      );
      expect(report).not.toMatch(/SECRET|€/);
    }
  });
});

test('a report of an earlier release, without values, can be read and told', () => {
  const run = identify(someEvent());
  const report = QuarantineReport.parse({
    ...{ run, scope: 'rows', reason: 'Rows break the contract.' },
    refused: [{ column: 'id', rule: 'type', rows: 2 }],
    rows: { read: 3, accepted: 1, rejected: 2 },
  });
  expect(summarise(report)).toContain('Rows rejected by\n         2  id: type\n\n');
});
