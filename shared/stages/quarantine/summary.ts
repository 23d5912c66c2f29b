import type { QuarantineReport } from './report.ts';

/** The report as text for people: what was rejected, why, where it is, what to do. */
export const summarise = (report: QuarantineReport): string => {
  const { run, scope, rows } = report;
  const version = run.version_id === undefined ? '' : ` (version ${run.version_id})`;
  const lines = [
    scope === 'file'
      ? `The whole file is in quarantine.`
      : `${rows?.rejected ?? 0} rows are in quarantine; the rest is loaded.`,
    '',
    `File      ${run.bucket}/${run.key}${version}`,
    `Dataset   ${run.dataset}`,
    `Uploaded  ${run.uploaded_at}`,
    `Run       ${run.run_id}`,
    `Why       ${report.reason}`,
    ...(rows === undefined
      ? []
      : [`Rows      ${rows.read} read, ${rows.accepted} accepted, ${rows.rejected} rejected`]),
    ...(report.score === undefined ? [] : [`Score     ${report.score}`]),
    ...Object.entries(report.scores ?? {}).map(([dimension, score]) => `          ${score}  ${dimension}`),
    ...section(
      'Rows rejected by',
      report.refused.map(
        ({ column, rule, rows: n }) =>
          `${String(n).padStart(8)}  ${column === null ? rule : `${column}: ${rule}`}`,
      ),
    ),
    ...section(
      'Rules broken',
      (report.measures ?? [])
        .filter(({ passed }) => !passed)
        .map((m) => `${m.rule}: ${m.threshold}; measured ${m.measured}`),
    ),
    '',
    `The file itself is unchanged in the raw zone. Fix it and upload it under the same key, or fix the contract and upload it again.`,
  ];
  return `${lines.join('\n')}\n`;
};

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
