import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Contract } from '../../shared/contract/model.ts';
import { literal } from '../../shared/engine/sql.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import { type Lake, lakePaths } from '../../shared/lake/paths.ts';
import { removeNoncurrent } from '../../shared/lake/storage/noncurrent.ts';
import {
  judgeRecords,
  keptRecords,
  type RecordCondition,
} from '../../shared/stages/quarantine/matching-records.ts';
import { QuarantineReport } from '../../shared/stages/quarantine/report.ts';
import { summarise } from '../../shared/stages/quarantine/summary.ts';

export interface QuarantinePlan {
  /** Ids of the runs with matching records, and how many. */
  runs: { runId: string; records: number; sourceKey: string; sourceVersion: string | null }[];
  notJudged: { key: string; records: number }[];
}

export interface QuarantineTools {
  db: Db;
  scratch: string;
  lake: Pick<Lake, 'quarantine'>;
  contract: Contract;
  condition: RecordCondition;
}

/** Ids of the runs of a dataset that have records in quarantine. */
export const quarantinedRuns = async (
  { quarantine }: Pick<Lake, 'quarantine'>,
  dataset: string,
): Promise<string[]> => {
  const [before = '', after = ''] = lakePaths.quarantinedRows(dataset, '|').split('|');
  const runs: string[] = [];
  for await (const { key } of quarantine.list(before))
    if (key.endsWith(after)) runs.push(key.slice(before.length, -after.length));
  return runs;
};

/** Finds the rejected records that fulfil the condition. */
export const planQuarantined = async (
  tools: QuarantineTools,
  runIds: readonly string[],
): Promise<QuarantinePlan> => {
  const { db, lake, scratch, contract, condition } = tools;
  const plan: QuarantinePlan = { runs: [], notJudged: [] };
  for (const runId of runIds) {
    const key = lakePaths.quarantinedRows(contract.dataset, runId);
    const file = await lake.quarantine.localPath(key, scratch);
    const { rows, notJudged } = await judgeRecords(db, contract, file, condition);
    if (notJudged > 0) plan.notJudged.push({ key, records: notJudged });
    if (rows === 0) continue;
    const of = await db.one<{ sourceKey: string; sourceVersion: string | null }>(
      `SELECT any_value(source_key) AS "sourceKey", any_value(source_version) AS "sourceVersion" FROM read_parquet(${literal(file)}, hive_partitioning = false)`,
    );
    plan.runs.push({ runId, records: rows, ...of });
  }
  return plan;
};

/** Writes the files again without the records, and their reports without values. */
export const removeQuarantined = async (tools: QuarantineTools, { runs }: QuarantinePlan): Promise<void> => {
  const { db, lake, scratch, contract, condition } = tools;
  await mkdir(scratch, { recursive: true });
  for (const { runId } of runs) {
    const key = lakePaths.quarantinedRows(contract.dataset, runId);
    const file = await lake.quarantine.localPath(key, scratch);
    await judgeRecords(db, contract, file, condition);
    const copy = path.join(scratch, `${runId}.parquet`);
    await db.run(`COPY (${keptRecords()}) TO ${literal(copy)} (FORMAT parquet, COMPRESSION zstd)`);
    await withoutValues(lake, contract.dataset, runId);
    await lake.quarantine.upload(copy, key);
  }
  await removeNoncurrent(lake.quarantine, `${contract.dataset}/`);
};

/** Rules and counts stay. A report that cannot be read goes, since it may hold values. */
const withoutValues = async (
  { quarantine }: Pick<Lake, 'quarantine'>,
  dataset: string,
  runId: string,
): Promise<void> => {
  const key = lakePaths.quarantineReport(dataset, runId);
  const summary = lakePaths.quarantineSummary(dataset, runId);
  const body = await quarantine.read(key);
  const report = reportIn(body);
  if (report === undefined) {
    await quarantine.removeMany([key, summary]);
    return;
  }
  const refused = report.refused.map(({ column, rule, rows }) => ({ column, rule, rows }));
  const document: QuarantineReport = { ...report, refused };
  await quarantine.write(key, JSON.stringify(document, null, 2));
  await quarantine.write(summary, summarise(document));
};

const reportIn = (body: Buffer | undefined): QuarantineReport | undefined => {
  try {
    return QuarantineReport.safeParse(JSON.parse(String(body))).data;
  } catch {
    return undefined;
  }
};
