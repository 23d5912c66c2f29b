import type { Execution } from './execution.ts';
import { costOf, type ExecutionCost, totalCost } from './execution-cost.ts';

/** One execution in a list. */
export interface ExecutionSummary extends Omit<Execution, 'event' | 'visits' | 'resume' | 'output'> {
  /** The state that it reached; empty where AWS was not asked for the states. */
  state: string;
  cost: ExecutionCost;
}

/** One execution with the input, output and errors of every state. */
export interface ExecutionDetail extends Execution {
  cost: ExecutionCost;
}

/** The newest executions that a filter matches. */
export interface ExecutionPage {
  /** The newest first. */
  executions: ExecutionSummary[];
  /** Whether there are older ones that match. */
  more: boolean;
  /** The cost of these executions together, in dollars. */
  cost: Pick<ExecutionCost, 'usd' | 'at_least'>;
}

export const summaryOf = (execution: Execution): ExecutionSummary => {
  const { visits, event: _event, output: _output, resume, ...summary } = execution;
  return { ...summary, state: visits.at(-1)?.state ?? resume.state, cost: costOf(execution) };
};

export const detailOf = (execution: Execution): ExecutionDetail => ({
  ...execution,
  cost: costOf(execution),
});

/** @param newestFirst at least `limit + 1` executions, where there are as many */
export const pageOf = (newestFirst: readonly Execution[], limit: number): ExecutionPage => {
  const executions = newestFirst.slice(0, limit).map(summaryOf);
  return {
    executions,
    more: newestFirst.length > limit,
    cost: totalCost(executions.map(({ cost }) => cost)),
  };
};
