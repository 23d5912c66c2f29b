import type { Refusal } from '../../operate/refusals.ts';
import { count, counted, printable } from '../../shared/base/text.ts';
import type { RejectedColumn } from '../../shared/stages/quarantine/report.ts';
import { reasonName, summarise, valueText } from '../../shared/stages/quarantine/summary.ts';
import type { Terminal } from './terminal.ts';

/** Reasons of a run, and values of a reason, that a list names; the report has more. */
const MAX_REASONS = 5;
const MAX_LISTED = 3;

/** A run's refused rows or file, in a few lines. */
export const renderRefusal = (refusal: Refusal, { style }: Pick<Terminal, 'style'>): string => {
  const { key, status, standing, rows_read, rows_rejected, run_id, finished_at, report } = refusal;
  const refused = report?.refused ?? [];
  const what =
    status === 'quarantined'
      ? style('yellow', 'refused whole')
      : `${style('yellow', `${count(rows_rejected)} of ${counted(rows_read, 'row')} refused`)}, the rest ${status}`;
  const others = refused.length - MAX_REASONS;
  const lines = [
    `${style('bold', printable(key))}: ${what}${standing ? '' : ', does not stand any more'}`,
    ...(status === 'quarantined' ? [reasonOf(refusal)] : []),
    ...refused.slice(0, MAX_REASONS).map(reasonLine),
    ...(others > 0 ? [`and ${counted(others, 'other rule')}`] : []),
    `run ${run_id}, finished ${finished_at}`,
    report === null ? 'the report has expired' : `see ${printable(refusal.location)}`,
  ];
  return lines.join('\n  ');
};

/** The whole report; the few lines where it has expired. */
export const renderReport = (refusal: Refusal, terminal: Pick<Terminal, 'style'>): string =>
  refusal.report === null
    ? renderRefusal(refusal, terminal)
    : summarise(refusal.report).trimEnd().split('\n').map(printable).join('\n');

const reasonOf = ({ error, reason }: Refusal): string =>
  printable(error === null ? reason : `${error}: ${reason}`);

/** `40  email: format: "nobody" 25, "x" 10 and 5 other values`; of masked values only how many there are. */
const reasonLine = ({
  rows,
  masked,
  values = [],
  distinct = values.length,
  ...reason
}: RejectedColumn): string => {
  const name = `${count(rows)}  ${reasonName(reason)}`;
  if (masked === true) return `${name}: ${counted(distinct, 'different value')}, not shown`;
  const listed = values.slice(0, MAX_LISTED);
  const others = distinct - listed.length;
  const shown = listed.map((value) => `${valueText(value)} ${count(value.rows)}`).join(', ');
  return `${name}${shown === '' ? '' : `: ${shown}`}${others > 0 ? ` and ${counted(others, 'other value')}` : ''}`;
};
