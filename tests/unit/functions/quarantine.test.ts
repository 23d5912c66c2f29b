import { qualityScore } from '../../../functions/quality-score.ts';
import { quarantine } from '../../../functions/quarantine.ts';
import { validate } from '../../../functions/validate.ts';
import { loadContract } from '../../../shared/contract/load.ts';
import { InvalidInput } from '../../../shared/errors.ts';
import { identify } from '../../../shared/run/run-identity.ts';
import { QuarantineReport } from '../../../shared/stages/quarantine/report.ts';
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
Dataset   people
Uploaded …
Run …
Why       Rows break the contract.
Rows      4 read, 1 accepted, 3 rejected

Rows rejected by
         1  id: required
         1  id: type
         1  name: required
         1  columns

The file itself is unchanged in the raw zone. Fix it and upload it under the same key, or fix the contract and upload it again.
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
    reason: scored.quality.reason,
  });
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
