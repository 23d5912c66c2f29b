import { between, type Execution, type StateVisit } from '../../operate/execution.ts';
import type { ExecutionCost } from '../../operate/execution-cost.ts';
import type { ExecutionDetail, ExecutionSummary } from '../../operate/listing.ts';
import { outcomeOf } from '../../operate/outcome.ts';
import { counted, gist, printable } from '../../shared/base/text.ts';
import { PRICED } from '../../shared/run/prices.ts';
import { messageOf } from '../../shared/run/state-error.ts';
import { costText, dollars } from './dollars.ts';
import { acrossFiles } from './outcome.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { duration } from './text.ts';

const COLOURS = { running: 'cyan', succeeded: 'green', failed: 'red', stale: 'red' } as const;

const took = ({ started, ended }: Pick<Execution, 'started' | 'ended'>): string =>
  duration(between(started, ended ?? new Date().toISOString()));

/** One line per execution. */
export const renderExecutions = (executions: readonly ExecutionSummary[], terminal: Terminal): string[] =>
  renderTable(
    ['id', 'status', 'file', 'state', 'took', 'cost', 'error'].map((name) => ({
      name,
      right: name === 'took' || name === 'cost',
    })),
    executions.map((execution) => [
      execution.id,
      execution.status,
      execution.key,
      execution.state,
      took(execution),
      dollars(execution.cost.usd),
      execution.error && `${execution.error.Error}: ${gist(messageOf(execution.error))}`,
    ]),
    terminal,
  );

/** One execution with all its states. The stage, where there is one, stands in the command that resumes it. */
export const renderExecution = (execution: ExecutionDetail, terminal: Terminal, stage?: string): string => {
  const { style } = terminal;
  const { status, error, event } = execution;
  const keys = acrossFiles(outcomeOf(execution).rows);
  const lines = [
    `${style('bold', execution.id)}  ${style(COLOURS[status], status)}`,
    `file      raw/${printable(execution.key)}, version ${event.detail.object['version-id']}`,
    `started   ${execution.started}, took ${took(execution)}`,
    `attempts  ${execution.attempts}`,
    `cost      ${costLine(execution.cost)}`,
    ...(keys === undefined ? [] : [`keys      ${keys}`]),
    ...execution.visits.flatMap((visit) => renderVisit(visit, terminal)),
  ];
  if (error !== undefined) lines.push('', `${style('red', error.Error)}: ${messageOf(error)}`);
  if (status === 'stale')
    lines.push('', `Its process died in ${execution.resume.state}, or before it could log more.`);
  if (status === 'failed' || status === 'stale')
    lines.push(
      `To resume at ${execution.resume.state}: duckstep redrive ${execution.id}${stage === undefined ? '' : ` --stage ${stage}`}`,
    );
  return lines.join('\n');
};

const costLine = (cost: ExecutionCost): string =>
  [
    `${costText(cost)} on AWS (${PRICED.region})`,
    `${cost.gb_seconds} GB-s in ${counted(cost.invocations, 'invocation')}`,
    `${cost.storage_gb_seconds} GB-s of /tmp`,
    counted(cost.transitions, 'transition'),
    `${cost.requests_write} PUT and LIST, ${cost.requests_read} GET and HEAD`,
    ...(cost.requests_catalog > 0 ? [`${cost.requests_catalog} to the catalog`] : []),
  ].join(', ');

const renderVisit = (visit: StateVisit, { style }: Terminal): string[] => {
  const time = visit.left === undefined ? 'not finished' : duration(between(visit.entered, visit.left));
  const attempt = visit.attempt > 1 ? `, redrive ${visit.attempt - 1}` : '';
  const tries = visit.tries > 1 ? `, ${visit.tries} tries` : '';
  const json = (label: string, value: unknown): string =>
    `  ${label.padEnd(7)} ${JSON.stringify(value, null, 2).replaceAll('\n', '\n          ')}`;
  return [
    '',
    `${style('bold', visit.state)}  ${time}${tries}${attempt}`,
    json('input', visit.input),
    ...visit.errors.map((error) => `  error   ${error.Error}: ${messageOf(error)}`),
    ...(visit.caughtBy === undefined ? [] : [`  caught  → ${visit.caughtBy}`]),
    ...(visit.output === undefined ? [] : [json('output', visit.output)]),
  ];
};
