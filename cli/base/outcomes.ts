import type { Outcome } from '../../operate/outcome.ts';
import { renderOutcome } from '../render/outcome.ts';
import type { Terminal } from '../render/terminal.ts';
import { EXIT } from './session.ts';

/** 1 when an execution failed, else 2 when something went to quarantine, else 0. */
export const exitCodeOf = (outcomes: readonly Outcome[]): number => {
  if (outcomes.some((outcome) => outcome.verdict === 'failed')) return EXIT.failed;
  return outcomes.some((outcome) => outcome.quarantine !== null) ? EXIT.quarantined : EXIT.ok;
};

export const printOutcomes = (terminal: Terminal, outcomes: readonly Outcome[], json: boolean): void => {
  if (json) terminal.print(JSON.stringify(outcomes, null, 2));
  else for (const outcome of outcomes) terminal.print(renderOutcome(outcome, terminal));
};
