import { count, counted, printable } from '../../base/text.ts';
import { replayCommand } from '../../run/replay-command.ts';
import type { QuarantineReport, RefusedValue, RejectedColumn } from './report.ts';

/** The report as text for people: what was rejected, why, where it is, what to do. */
export const summarise = (report: QuarantineReport): string => {
  const { run, scope, rows, file } = report;
  const version = run.version_id === undefined ? '' : ` (version ${run.version_id})`;
  const what = [
    file?.bytes === undefined ? undefined : counted(file.bytes, 'byte'),
    file?.format === undefined ? undefined : `read as ${file.format}`,
    file?.records === undefined ? undefined : counted(file.records, 'record'),
  ].filter((part) => part !== undefined);
  const lines = [
    scope === 'file'
      ? `The whole file is in quarantine.`
      : `${rows?.rejected ?? 0} rows are in quarantine; the rest is loaded.`,
    '',
    `File      ${run.bucket}/${run.key}${version}`,
    ...(what.length === 0 ? [] : [`          ${what.join(', ')}`]),
    `Dataset   ${run.dataset}`,
    `Uploaded  ${run.uploaded_at}`,
    `Run       ${run.run_id}`,
    `Why       ${report.reason}`,
    ...(rows === undefined ? [] : [`Rows      ${judged(rows, scope)}`]),
    ...(report.score === undefined ? [] : [`Score     ${report.score}`]),
    ...Object.entries(report.scores ?? {}).map(([dimension, score]) => `          ${score}  ${dimension}`),
    ...section('Rows rejected by', report.refused.flatMap(reasonLines)),
    ...section(
      'Rules broken',
      (report.measures ?? [])
        .filter(({ passed }) => !passed)
        .map((m) => `${m.rule}: ${m.threshold}; measured ${m.measured}`),
    ),
    '',
    'The file itself is unchanged in the raw zone. If the file is wrong, upload a corrected one under the same key.',
    'If the contract is wrong, fix it, deploy it, and run this version again, which keeps its place in the order of uploads:',
    `  npx ${replayCommand(run.key)}`,
  ];
  return `${lines.join('\n')}\n`;
};

const judged = ({ read, accepted, rejected }: Rows, scope: 'file' | 'rows'): string =>
  scope === 'rows'
    ? `${read} read, ${accepted} accepted, ${rejected} rejected`
    : `${read} read = ${rejected} breaking the contract + ${accepted} keeping it; all are refused with the file`;

type Rows = NonNullable<QuarantineReport['rows']>;

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];

/** `40  email: format`, and below it the values that were refused most often. */
const reasonLines = ({
  rows,
  values = [],
  distinct = values.length,
  ...reason
}: RejectedColumn): string[] => {
  const others = distinct - values.length;
  return [
    `${String(rows).padStart(8)}  ${reasonName(reason)}`,
    ...values.map((value) => `${' '.repeat(10)}${String(value.rows).padStart(8)}  ${valueText(value)}`),
    ...(others > 0 ? [`${' '.repeat(20)}and ${counted(others, 'other value')}`] : []),
  ];
};

export const reasonName = ({ column, rule }: Pick<RejectedColumn, 'column' | 'rule'>): string =>
  column === null ? rule : `${column}: ${rule}`;

/** The value in quotes; its length where it is masked. */
export const valueText = ({ value, length = 0 }: RefusedValue): string =>
  value === undefined ? `a value of ${count(length)} characters (not shown)` : `"${printable(value)}"`;
