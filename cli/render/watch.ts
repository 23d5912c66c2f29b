import type { WatchEvent } from '../../operate/events.ts';
import { gist, printable } from '../../shared/base/text.ts';
import { renderOutcome } from './outcome.ts';
import type { Terminal } from './terminal.ts';

/** The text about an event of a watched lake; undefined for events that print nothing. */
export const renderWatchEvent = (
  event: WatchEvent,
  terminal: Pick<Terminal, 'style'>,
): string | undefined => {
  switch (event.type) {
    case 'state-entered':
      return line(event, event.state);
    case 'state-failed':
      return line(event, `${event.state} ${event.error.name}: ${gist(event.error.message)}`);
    case 'state-retried':
      return line(event, `${event.state}, again`);
    case 'outcome':
      return renderOutcome(event.outcome, terminal);
    case 'failed-earlier':
      return `${printable(event.key)} failed earlier. To resume it: duckstep redrive ${event.execution}`;
    case 'ignored':
      return `${printable(event.key)} was ignored: ${event.reason}.`;
    case 'error':
      return `${printable(event.key)}: ${event.error.name}: ${event.error.message}`;
    default:
      return undefined;
  }
};

/** The time of day in UTC, the file, and what happened. */
const line = ({ at, key }: { at: string; key: string }, text: string): string =>
  `${at.slice(11, 23)}  ${printable(key)}  ${text}`;
