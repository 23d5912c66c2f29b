import type { Execution } from '../operate/execution.ts';
import type { AttemptHeader, ExecutionEvent } from '../operate/local/execution-events.ts';
import { tidyUp } from '../operate/local/expire.ts';
import { objectCreatedEvent } from '../operate/local/lake.ts';
import { type Load, Scheduler } from '../operate/local/scheduler.ts';
import { sharesOf } from '../operate/local/shares.ts';
import { type Outcome, outcomeOf } from '../operate/outcome.ts';
import { printable } from '../shared/base/text.ts';
import { UsageError } from '../shared/errors.ts';
import type { ObjectCreated } from '../shared/run/event.ts';
import { renderOutcome } from './render/outcome.ts';
import { bySize } from './render/queue.ts';
import type { Terminal } from './render/terminal.ts';
import { EXIT, openWorkspace, type Session } from './session.ts';

/** A local file, and the key under which it goes into raw. */
export interface Upload {
  file: string;
  key: string;
}

/** Files at a time: each step may take a quarter of the machine's memory. */
export const DEFAULT_CONCURRENCY = 3;

/**
 * Copies files into raw, in their order, because of two rows with one key the later file's wins; then runs each to
 * its end, several at a time, small ones past large ones.
 *
 * @returns the outcomes in the order of the files
 */
export const processFiles = async (
  session: Session,
  lakeFolder: string,
  uploads: readonly Upload[],
  onOutcome: (outcome: Outcome) => void = () => undefined,
): Promise<Outcome[]> => {
  const progress = new Progress(session.terminal, uploads.length);
  const workspace = openWorkspace(session, lakeFolder, progress.note);
  const { lake, engine, config } = workspace;
  await tidyUp(workspace);
  const events: ObjectCreated[] = [];
  for (const { file, key } of uploads) {
    await lake.raw.upload(file, key);
    events.push(objectCreatedEvent(lake.raw.name, await lake.raw.adopt(key)));
  }
  const scheduler = new Scheduler(sharesOf(config, DEFAULT_CONCURRENCY));
  progress.load = () => scheduler.load;
  const run = async (event: ObjectCreated, memoryMb: number): Promise<Outcome> => {
    const outcome = outcomeOf(await engine.run(event, { memoryMb }));
    progress.finished(outcome.key);
    onOutcome(outcome);
    return outcome;
  };
  return Promise.all(
    events.map((event) => scheduler.add({ ...objectOf(event), run: (memoryMb) => run(event, memoryMb) })),
  );
};

const objectOf = ({ detail: { object } }: ObjectCreated) => ({ key: object.key, bytes: object.size ?? 0 });

/** What became of one that was to be resumed. It is rejected where another process was faster. */
export interface Redriven {
  execution: string;
  result: PromiseSettledResult<Outcome>;
}

/** Resumes executions, several at a time; one that cannot be does not keep the others from it. */
export const redriveAll = async (
  session: Session,
  lakeFolder: string,
  choose: (executions: Execution[]) => readonly string[],
): Promise<Redriven[]> => {
  const progress = new Progress(session.terminal, 0);
  const { engine, config } = openWorkspace(session, lakeFolder, progress.note);
  const executions = engine.list();
  const events = new Map(executions.map(({ id, event }) => [id, event]));
  const ids = choose(executions);
  progress.total = ids.length;
  const scheduler = new Scheduler(sharesOf(config, DEFAULT_CONCURRENCY));
  progress.load = () => scheduler.load;
  const redrive = async (id: string, key: string, memoryMb: number): Promise<Outcome> => {
    try {
      return outcomeOf(await engine.redrive(id, { memoryMb }));
    } finally {
      progress.finished(key);
    }
  };
  return Promise.all(
    ids.map(async (id) => {
      const event = events.get(id);
      const object = event === undefined ? { key: id, bytes: 0 } : objectOf(event);
      const [result] = await Promise.allSettled([
        scheduler.add({ ...object, run: (memoryMb) => redrive(id, object.key, memoryMb) }),
      ]);
      return { execution: id, result };
    }),
  );
};

/** 1 when an execution failed, else 2 when something went to quarantine, else 0. */
export const exitCodeOf = (outcomes: readonly Outcome[]): number => {
  if (outcomes.some((outcome) => outcome.verdict === 'failed')) return EXIT.failed;
  return outcomes.some((outcome) => outcome.quarantine !== null) ? EXIT.quarantined : EXIT.ok;
};

export const printOutcomes = (terminal: Terminal, outcomes: readonly Outcome[], json: boolean): void => {
  if (json) terminal.print(JSON.stringify(outcomes, null, 2));
  else for (const outcome of outcomes) terminal.print(renderOutcome(outcome, terminal));
};

/** One line that says how far the files are. */
class Progress {
  total: number;
  /** What waits; nothing until there is a queue. */
  load: () => Load | undefined = () => undefined;
  #done = 0;
  readonly #terminal: Terminal;
  readonly #running = new Map<string, string>();

  constructor(terminal: Terminal, total: number) {
    this.#terminal = terminal;
    this.total = total;
  }

  readonly note = (attempt: AttemptHeader, event: ExecutionEvent): void => {
    if (event.type !== 'StateEntered') return;
    this.#running.set(printable(attempt.event.detail.object.key), event.state);
    this.#show();
  };

  finished(key: string): void {
    this.#done += 1;
    this.#running.delete(printable(key));
    if (this.#done === this.total) this.#terminal.status(undefined);
    else this.#show();
  }

  #show(): void {
    const now = [...this.#running].map(([key, state]) => `${key} ${state}`);
    const waiting = bySize(this.load()?.waiting ?? { small: 0, large: 0 });
    const wait = waiting === '' ? [] : [`${waiting} waiting`];
    this.#terminal.status([`${this.#done} of ${this.total} done`, ...wait, ...now].join(' · '));
  }
}

/** @throws UsageError when it is no whole number above zero */
export const positiveInteger = (text: string, option: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`${option} takes a whole number above 0, not "${text}".`);
  return value;
};
