import { type Load, SIZE_CLASSES, type SizeClass } from '../../operate/queue.ts';
import type { Terminal } from './terminal.ts';

/** `478 small, 2 large`; empty when there is none. */
export const bySize = (files: Record<SizeClass, number>): string =>
  SIZE_CLASSES.filter((size) => files[size] > 0)
    .map((size) => `${files[size]} ${size}`)
    .join(', ');

export const countOf = ({ small, large }: Record<SizeClass, number>): number => small + large;

/** `Queue: 480 waiting (478 small, 2 large), 3 running (2 small, 1 large), 17 done` */
export const renderLoad = ({ running, waiting, done }: Load): string => {
  const named = (files: Record<SizeClass, number>, what: string): string =>
    countOf(files) === 0 ? `none ${what}` : `${countOf(files)} ${what} (${bySize(files)})`;
  return `Queue: ${named(waiting, 'waiting')}, ${named(running, 'running')}, ${done} done`;
};

/** Ticks between two lines where the output is no screen. */
const EVERY = 10;

/** Shows how many files wait: on a screen in a line that is rewritten, else in a new line now and then. */
export class QueueReport {
  static readonly TICK_MS = 1_000;
  readonly #terminal: Terminal;
  readonly #load: () => Load;
  /** Ticks since the last line; undefined when nothing waited at that time. */
  #since: number | undefined;

  constructor(terminal: Terminal, load: () => Load) {
    this.#terminal = terminal;
    this.#load = load;
  }

  /** Rewrites the line on a screen; printed text removes it. */
  show(): void {
    const load = this.#load();
    const idle = countOf(load.waiting) + countOf(load.running) === 0;
    this.#terminal.status(idle ? undefined : renderLoad(load));
  }

  /** Must be called every `TICK_MS`. */
  tick(): void {
    this.show();
    if (this.#terminal.width !== undefined) return;
    const load = this.#load();
    const waits = countOf(load.waiting) > 0;
    if (this.#since === undefined && !waits) return;
    this.#since = this.#since === undefined ? EVERY : this.#since + 1;
    if (waits && this.#since < EVERY) return;
    this.#terminal.print(renderLoad(load));
    this.#since = waits ? 0 : undefined;
  }
}
