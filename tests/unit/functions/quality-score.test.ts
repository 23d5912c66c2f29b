import { qualityScore } from '../../../functions/quality-score.ts';
import { ContractChanged, InvalidInput, RuleNotEvaluable } from '../../../shared/errors.ts';
import { parseQualityReport } from '../../../shared/stages/quality-score/report.ts';
import { bench, envelope } from '../../helpers/steps.ts';

const rule = (id: string, query: string, severity = 'error'): string =>
  `      - { id: ${id}, type: sql, query: "${query}", mustBe: 0, severity: ${severity} }`;
const withRules = (...rules: string[]) => bench(`    quality:\n${rules.join('\n')}\n`);

test('judges all rows read, and keeps the measure of every rule', async () => {
  const { lake, context, validated } = withRules(rule('count', `select count(*) - 3 from \${table}`));
  const state = await validated('id,name\n1,Ada\n1,Bo\nx,Cy\n4\n');
  const { usage, ...output } = await qualityScore(envelope(state), context);
  expect(output).toEqual({
    verdict: 'fail',
    strategies: { 'schema.primaryKey': 'bitmap' },
    // (0.5 conformity + 1 completeness + 0.75 uniqueness + 1 consistency) / 4
    score: 0.8125,
    threshold: 0.95,
    scores: { conformity: 0.5, completeness: 1, uniqueness: 0.75, consistency: 1 },
    report: expect.stringContaining(state.validate.run.run_id),
    broken_rules: ['schema.conformity', 'id.type', 'schema.primaryKey'],
    reason: 'Score 0.8125 is below the threshold 0.95; weakest is conformity with 0.5.',
  });
  expect(usage.requests).toBeGreaterThan(0);
  const body = String(await lake.silver.read(output.report));
  const report = parseQualityReport(body, output.report);
  expect(report).toEqual(JSON.parse(body));
  expect(report).toMatchObject({ verdict: 'fail', rows: { read: 4 }, run: state.validate.run });
  expect(report.measures).toContainEqual(expect.objectContaining({ rule: 'count', passed: true }));
});

test('names ten broken rules at most; the report has all', async () => {
  const rules = Array.from({ length: 30 }, (_, i) => rule(`rule_${i}`, 'select 1'));
  const { lake, context, validated } = withRules(...rules);
  const output = await qualityScore(envelope(await validated('id,name\n1,Ada\n')), context);
  expect(output.broken_rules).toHaveLength(10);
  expect(JSON.parse(String(await lake.silver.read(output.report))).measures.length).toBeGreaterThan(30);
});

test('a critical rule closes the gate whatever the score', async () => {
  const { context, validated } = withRules(rule('never', `select count(*) from \${table}`, 'critical'));
  const output = await qualityScore(envelope(await validated('id,name\n1,Ada\n')), context);
  expect(output).toMatchObject({ verdict: 'fail', reason: 'Critical rule broken: never.' });
});

test('a rule that cannot be evaluated fails the step, before anything is reported', async () => {
  const { lake, context, validated } = withRules(rule('casts', `select sum(name::integer) from \${table}`));
  const state = await validated('id,name\n1,Ada\n');
  const scoring = qualityScore(envelope(state), context);
  await expect(scoring).rejects.toThrow(RuleNotEvaluable);
  await expect(scoring).rejects.not.toThrow(/Ada/);
  const reports = [];
  for await (const { key } of lake.silver.list('')) if (key.endsWith('quality.json')) reports.push(key);
  expect(reports).toEqual([]);
});

test("another step's input is rejected", async () => {
  const { context, put } = bench();
  await expect(qualityScore(envelope(await put('')), context)).rejects.toThrow(InvalidInput);
});

test('where the contract has changed since Validate, the execution goes back before anything is read', async () => {
  const { lake, context, validated } = bench();
  const state = await validated('id,name\n1,Ada\n');
  const { context: deployed } = withRules(rule('count', 'select 0'));
  const { sqlDir } = deployed.config;
  const reads: string[] = [];
  const silver = lake.silver.observed((kind) => reads.push(kind));
  const now = { lake: { ...lake, silver }, config: { ...context.config, sqlDir } };
  await expect(qualityScore(envelope(state), now)).rejects.toThrow(ContractChanged);
  expect(reads).toEqual([]);
  // The execution of an earlier release is scored by any contract.
  expect(await qualityScore(envelope(state, false), now)).toMatchObject({ verdict: 'pass' });
});
