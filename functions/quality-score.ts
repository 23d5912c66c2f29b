import path from 'node:path';
import { ident, literal } from '../shared/engine/sql.ts';
import { lakePaths } from '../shared/lake/paths.ts';
import { judgingContract } from '../shared/run/judging-contract.ts';
import { QualityScoreInput } from '../shared/run/payload.ts';
import { contractSource } from '../shared/runtime/contract-source.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { step } from '../shared/runtime/step.ts';
import { measureFile } from '../shared/stages/quality-score/measure-file.ts';
import type { QualityReport } from '../shared/stages/quality-score/report.ts';
import { judge } from '../shared/stages/quality-score/score.ts';
import { unpackReasons } from '../shared/stages/validate/row-check.ts';

/** Broken rules that the payload names; the report has all. */
const MAX_NAMED_RULES = 10;

/** No text says that it is Windows-1252: other encodings look the same. */
const ASSUMED_ENCODING =
  'The text is not UTF-8 and was read as Windows-1252: see that its letters are right, or set "encoding" in the contract.';

/**
 * Measures the contract's rules over all rows read and judges the file; see `judge` for the formula.
 *
 * @throws ContractChanged: the execution goes back to Validate
 * @throws RuleNotEvaluable when a rule cannot be evaluated: the execution fails, so that no file passes by accident
 */
export const qualityScore = step('QualityScore', QualityScoreInput, async (input, tools) => {
  const { run, rows, staged, format } = input.validate;
  const { silver } = tools.lake;
  const { contract, measures } = await tools.duckDb(
    async (db) => {
      const contract = await judgingContract(input.validate, contractSource(db, tools));
      const records = await silver.localPath(staged.records, path.join(tools.scratch, 'silver'));
      const table = ident(run.dataset);
      await db.run(
        `CREATE VIEW _records AS SELECT * REPLACE (${unpackReasons('_reasons')} AS _reasons) FROM read_parquet(${literal(records)})`,
      );
      await db.run(`CREATE VIEW ${table} AS SELECT * EXCLUDE (_rescued, _reasons, _raw) FROM _records`);
      const { parsed } = await db.one<{ parsed: number }>('SELECT count(*) AS parsed FROM _records');
      const file = {
        records: '_records',
        table,
        rowsRead: rows.read,
        malformed: rows.read - parsed,
        uploadedAt: run.uploaded_at,
      };
      return { contract, measures: await measureFile(db, contract, file) };
    },
    { ordered: false },
  );
  const threshold = contract.qualityThreshold;
  const judged = judge(measures, contract.dimensionWeights, threshold);
  const { verdict, score, scores, broken } = judged;
  const assumed = contract.reading?.encoding === undefined && format.split(', ').includes('windows-1252');
  const reason = assumed ? `${judged.reason} ${ASSUMED_ENCODING}` : judged.reason;
  const report = lakePaths.staging(run.run_id, 'quality.json');
  const document: QualityReport = { run, rows, verdict, score, threshold, scores, reason, measures };
  await silver.write(report, JSON.stringify(document, null, 2));
  const strategies = Object.fromEntries(
    measures.flatMap(({ rule, strategy }) => (strategy === undefined ? [] : [[rule, strategy]])),
  );
  const broken_rules = broken.slice(0, MAX_NAMED_RULES);
  return { verdict, score, threshold, scores, report, broken_rules, strategies, reason };
});

export const handler = lambdaHandler('QualityScore', qualityScore);
