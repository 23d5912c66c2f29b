import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { ConfigurationError, UsageError } from '../../shared/errors.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import type { Config } from '../../shared/runtime/config.ts';
import type { Step } from '../../shared/runtime/step.ts';
import type { Execution, ExecutionStatus } from '../execution.ts';
import { fromEngine } from './engine-events.ts';
import type { AttemptHeader, ExecutionEvent } from './execution-events.ts';
import { type AttemptWriter, ExecutionLog, newExecutionId } from './execution-log.ts';
import { invokeAsLambda } from './invoke.ts';
import { taskStates } from './state-machine.ts';
import { summarize } from './summarize.ts';

export interface EngineOptions {
  /** The folder of the lake; the logs of executions lie below it. */
  lakeFolder: string;
  lake: Lake;
  config: Config;
  definition: StateMachineDefinition;
  /** The step of every Task state, by the state's name. */
  steps: Readonly<Record<string, Step>>;
  /** Replaces the waits that the definition's Retry asks for, in milliseconds. */
  retryDelayMs?: number;
  /** Called with every event of every execution, once the event is on disk. */
  onEvent?: OnEvent;
}

export type OnEvent = (attempt: AttemptHeader, event: ExecutionEvent) => void;

/** Settings of one execution. */
export interface RunOptions extends Partial<Pick<Config, 'memoryMb' | 'threads'>> {
  /** Called with every event of this execution, once the event is on disk. */
  onEvent?: OnEvent;
}

/** Step Functions on a laptop: runs the deployed definition over a lake in a folder, and logs every step. */
export class Engine {
  readonly log: ExecutionLog;
  readonly #options: EngineOptions;

  /** @throws ConfigurationError when a Task state has no step */
  constructor(options: EngineOptions) {
    const missing = taskStates(options.definition).filter((name) => options.steps[name] === undefined);
    if (missing.length > 0)
      throw new ConfigurationError(
        `The state machine calls ${missing.join(', ')}, and no step has that name.`,
      );
    this.#options = options;
    this.log = new ExecutionLog(options.lakeFolder);
  }

  /** Runs one event to its end. Resolves however the execution ends: see its status. */
  async run(event: ObjectCreated, options: RunOptions = {}): Promise<Execution> {
    for (;;) {
      const now = new Date();
      const id = newExecutionId(now);
      const startAt = this.#options.definition.StartAt;
      const writer = this.log.claim({ at: now.toISOString(), id, attempt: 1, event, startAt, input: event });
      if (writer !== undefined) return this.#attempt(writer, options);
    }
  }

  /**
   * Resumes an execution at the state that failed, or that its process died in, with that state's input. The state
   * has all its retries again, as on AWS.
   *
   * @throws UsageError when there is nothing to resume: unknown, finished, running, or just redriven by another process
   */
  async redrive(id: string, options: RunOptions = {}): Promise<Execution> {
    // Read before the execution: a process that redrives it in between takes this number, and our claim fails.
    const attempt = this.log.next(id);
    const execution = this.find(id);
    if (execution === undefined)
      throw new UsageError(`There is no execution ${id}. \`duckstep executions\` lists them.`);
    if (execution.status === 'succeeded')
      throw new UsageError(`Execution ${id} succeeded: there is nothing to redrive.`);
    if (execution.status === 'running')
      throw new UsageError(`Execution ${id} is still running: wait until it ends.`);
    const { resume, event } = execution;
    const writer = this.log.claim({
      at: new Date().toISOString(),
      id,
      attempt,
      event,
      startAt: resume.state,
      input: resume.input,
    });
    if (writer === undefined) throw new UsageError(`Execution ${id} is being redriven by another process.`);
    return this.#attempt(writer, options);
  }

  find(id: string): Execution | undefined {
    const [first, ...rest] = this.log.read(id);
    return first === undefined ? undefined : summarize([first, ...rest]);
  }

  /** All executions, the oldest first. */
  list(status?: ExecutionStatus): Execution[] {
    return this.log
      .ids()
      .flatMap((id) => this.find(id) ?? [])
      .filter((execution) => status === undefined || execution.status === status)
      .toSorted((a, b) => (a.started < b.started ? -1 : a.started > b.started ? 1 : 0));
  }

  async #attempt(writer: AttemptWriter, options: RunOptions): Promise<Execution> {
    const { definition, steps, lake, retryDelayMs } = this.#options;
    const { onEvent, ...resources } = options;
    const config = { ...this.#options.config, ...resources };
    const { header } = writer;
    const tasks = taskStates(definition);
    // The loader has validated the definition. Started in its middle, it would be invalid: its first states are unreachable.
    const machine = new StateMachine(
      { ...definition, StartAt: header.startAt },
      { validationOptions: { noValidate: true } },
    );
    const execution = machine.run(header.input as EngineInput, {
      context: { Execution: { Id: header.id, Name: header.id } },
      overrides: {
        taskResourceLocalHandlers: Object.fromEntries(
          tasks.map((name) => [name, invokeAsLambda(name, steps[name] as Step, { lake, config })]),
        ),
        ...(retryDelayMs !== undefined && {
          retryIntervalOverrides: Object.fromEntries(tasks.map((name) => [name, retryDelayMs])),
        }),
      },
    });
    const settled = Promise.allSettled([execution.result]);
    try {
      for await (const event of execution.eventLogs) {
        const entry = fromEngine(event);
        if (entry === undefined) continue;
        writer.append(entry);
        this.#options.onEvent?.(header, entry);
        onEvent?.(header, entry);
      }
    } finally {
      execution.abort();
      writer.close();
      await settled;
    }
    const [first, ...rest] = this.log.read(header.id);
    if (first === undefined) throw new ConfigurationError(`The log of execution ${header.id} was removed.`);
    return summarize([first, ...rest]);
  }
}

type EngineInput = Parameters<StateMachine['run']>[0];
