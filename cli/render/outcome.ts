import type { Outcome } from '../../operate/outcome.ts';
import { count, counted, printable } from '../../shared/base/text.ts';
import { replayCommand } from '../../shared/run/replay-command.ts';
import { costText } from './dollars.ts';
import type { Terminal } from './terminal.ts';
import { duration } from './text.ts';

const COLOURS = {
  loaded: 'green',
  superseded: 'cyan',
  quarantined: 'yellow',
  ignored: 'cyan',
  failed: 'red',
} as const;

/** The result of one file: the verdict and its reason, the row counts, and the states. */
export const renderOutcome = (outcome: Outcome, terminal: Pick<Terminal, 'style'>): string => {
  const { style } = terminal;
  const { key, verdict, quarantine, rows, error } = outcome;
  const aside =
    quarantine?.scope === 'rows' ? style('yellow', `, ${counted(quarantine.rows, 'row')} quarantined`) : '';
  const lines = [
    `${style('bold', printable(key))}: ${style(COLOURS[verdict], verdict)}${aside} in ${duration(outcome.duration_ms)}, ${costText(outcome.cost)}`,
    verdict === 'failed' && error !== null
      ? `${error.name}: ${error.message}`.replaceAll('\n', '\n  ')
      : outcome.reason,
    // The reason of a quarantined file has its rows.
    rows === null || verdict === 'quarantined'
      ? undefined
      : `${counted(rows.read, 'row')} read = ${count(rows.accepted)} accepted + ${count(rows.rejected)} rejected`,
    rows === null || (verdict !== 'loaded' && verdict !== 'superseded')
      ? undefined
      : `${count(rows.accepted)} accepted = ${count(rows.silver)} silver + ${counted(rows.duplicate, 'duplicate')} + ${count(rows.filtered)} filtered`,
    acrossFiles(rows),
    outcome.states
      .map((state) => `${state.state} ${duration(state.duration_ms)}${tries(state.tries)}`)
      .join(' → '),
    quarantine === null ? undefined : `see quarantine/${quarantine.summary}`,
    verdict === 'quarantined'
      ? `upload a corrected file under the same key; or fix the contract, then: ${replayCommand(key)}`
      : undefined,
    verdict === 'failed' ? `fix it, then: duckstep redrive ${outcome.execution}` : undefined,
  ];
  return lines.filter((line) => line !== undefined && line !== '').join('\n  ');
};

/** The rows whose keys other files bring as well; undefined where there are none. */
export const acrossFiles = (rows: Outcome['rows']): string | undefined => {
  const { superseding, superseded } = rows ?? { superseding: 0, superseded: 0 };
  const parts = [
    superseding === 0
      ? ''
      : `${counted(superseding, 'row')} of other files ${superseding === 1 ? 'is' : 'are'} superseded by rows of this one`,
    superseded === 0
      ? ''
      : `${counted(superseded, 'row')} of this file ${superseded === 1 ? 'is' : 'are'} superseded by rows of other files`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts.join('; ');
};

const tries = (count: number): string => (count > 1 ? ` (${count} tries)` : '');
