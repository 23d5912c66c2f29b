import type { PipelineEvent } from '../../operate/events.ts';
import type { SizeClass } from '../../operate/queue.ts';
import { printable } from '../../shared/base/text.ts';
import { bySize } from './queue.ts';
import { elapsed, type Terminal } from './terminal.ts';

/** One line that shows how far an operation is. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #running = new Map<string, string>();
  #done = 0;
  #total = 0;
  #waiting: Record<SizeClass, number> = { small: 0, large: 0 };
  /** Ends the line about the work that takes long. */
  #stopWork: (() => void) | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  readonly observe = (event: PipelineEvent): void => {
    this.stop();
    switch (event.type) {
      case 'working':
        this.#stopWork = elapsed(this.#terminal, event.what);
        break;
      case 'state-entered':
        this.#running.set(printable(event.key), event.state);
        this.#show();
        break;
      case 'outcome':
        this.#running.delete(printable(event.outcome.key));
        break;
      case 'progress':
        this.#done = event.done;
        this.#total = event.total;
        if (event.waiting !== undefined) this.#waiting = event.waiting;
        if (this.#done === this.#total) this.#terminal.status(undefined);
        else this.#show();
        break;
      case 'remark':
        this.#terminal.note(event.text);
        break;
    }
  };

  /** Removes the line about work that takes long. */
  stop(): void {
    this.#stopWork?.();
    this.#stopWork = undefined;
  }

  #show(): void {
    const now = [...this.#running].map(([key, state]) => `${key} ${state}`);
    const waiting = bySize(this.#waiting);
    const wait = waiting === '' ? [] : [`${waiting} waiting`];
    this.#terminal.status([`${this.#done} of ${this.#total} done`, ...wait, ...now].join(' · '));
  }
}

/**
 * Runs an operation of the pipeline and shows its progress.
 *
 * @param onEvent called with each event, after the line has been renewed
 */
export const withProgress = async <T>(
  terminal: Terminal,
  operation: (observe: (event: PipelineEvent) => void) => Promise<T>,
  onEvent: (event: PipelineEvent) => void = () => undefined,
): Promise<T> => {
  const progress = new Progress(terminal);
  try {
    return await operation((event) => {
      progress.observe(event);
      onEvent(event);
    });
  } finally {
    progress.stop();
  }
};
