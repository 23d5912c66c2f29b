import { randomInt } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { failedWith } from '../../shared/base/files.ts';
import type { AttemptHeader, ExecutionEvent } from './execution-events.ts';
import { isAlive, startHeartbeat } from './heartbeat.ts';

/** The log of one attempt. */
export interface AttemptRecord {
  header: AttemptHeader;
  events: ExecutionEvent[];
  /** Whether the process that runs the attempt still lives. */
  alive: boolean;
}

/** An attempt that this process runs. */
export interface AttemptWriter {
  header: AttemptHeader;
  /** The event is on disk when this returns. */
  append(event: ExecutionEvent): void;
  close(): void;
}

const ATTEMPT = /^attempt-(\d+)\.ndjson$/;
const EXECUTION = /^\d{8}T\d{6}-[0-9a-z]{4}$/;

/**
 * The logs of all executions on a lake: `.duckstep/executions/<id>/attempt-<n>.ndjson`, one line per event. On AWS, Step
 * Functions keeps them. Here they must survive the process, so every line is synced to disk before the state machine
 * continues.
 */
export class ExecutionLog {
  readonly #executions: string;
  readonly #processes: string;

  constructor(lakeFolder: string) {
    this.#executions = path.join(lakeFolder, '.duckstep', 'executions');
    this.#processes = path.join(lakeFolder, '.duckstep', 'processes');
  }

  /** Ids, the oldest first. */
  ids(): string[] {
    return readIfThere(this.#executions)
      .filter((name) => EXECUTION.test(name))
      .toSorted();
  }

  /** All attempts of one execution, the first one first; empty when there is no such execution. */
  read(id: string): AttemptRecord[] {
    return this.#attempts(id).flatMap(
      (name) => this.#readAttempt(path.join(this.#executions, id, name)) ?? [],
    );
  }

  /** The number of an execution's next attempt. Attempts whose first line is incomplete count. */
  next(id: string): number {
    return attemptOf(this.#attempts(id).at(-1) ?? '') + 1;
  }

  /**
   * Opens the log of an execution's next attempt. The process that creates the file has claimed the attempt: one of any
   * number of processes gets a writer, the others get undefined.
   */
  claim(content: Omit<AttemptHeader, 'type' | 'process'>): AttemptWriter | undefined {
    const folder = path.join(this.#executions, content.id);
    const process = startHeartbeat(this.#processes);
    const header: AttemptHeader = { type: 'AttemptStarted', ...content, process };
    const file = path.join(folder, `attempt-${content.attempt}.ndjson`);
    // The header is complete before the file has its name: a claim without an owner cannot be seen.
    const draft = path.join(folder, `.${process.heartbeat}`);
    mkdirSync(folder, { recursive: true });
    const handle = openSync(draft, 'w');
    try {
      appendLine(handle, header);
      linkSync(draft, file);
    } catch (error) {
      closeSync(handle);
      if (failedWith(error, 'EEXIST')) return undefined;
      throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    return { header, append: (event) => appendLine(handle, event), close: () => closeSync(handle) };
  }

  #attempts(id: string): string[] {
    if (!EXECUTION.test(id)) return [];
    return readIfThere(path.join(this.#executions, id))
      .filter((name) => ATTEMPT.test(name))
      .toSorted((a, b) => attemptOf(a) - attemptOf(b));
  }

  /** Undefined where the first line is incomplete, because the input of the attempt is unknown then. */
  #readAttempt(file: string): AttemptRecord | undefined {
    const [header, ...events] = parseLines(readFileSync(file, 'utf8'));
    if (!isHeader(header)) return undefined;
    return { header, events: events as ExecutionEvent[], alive: isAlive(this.#processes, header.process) };
  }
}

/** An id that sorts by time, is short enough to type, and probably unused: `20261121T010203-k3f9`. */
export const newExecutionId = (now: Date): string => {
  const second = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  return `${second}-${randomInt(36 ** 4)
    .toString(36)
    .padStart(4, '0')}`;
};

const attemptOf = (name: string): number => Number(ATTEMPT.exec(name)?.[1] ?? 0);

/** @throws Error of the system when the disk has no room for the whole line */
const appendLine = (handle: number, value: unknown): void => {
  writeFileSync(handle, `${JSON.stringify(value)}\n`);
  fsyncSync(handle);
};

/** A process that is killed while it writes leaves a last line without an end. That event did not happen. */
const parseLines = (text: string): unknown[] =>
  text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .flatMap(parseLine);

/** Empty for an incomplete line. That event did not happen either. */
const parseLine = (line: string): unknown[] => {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
};

const isHeader = (line: unknown): line is AttemptHeader =>
  typeof line === 'object' && line !== null && 'type' in line && line.type === 'AttemptStarted';

const readIfThere = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return [];
    throw error;
  }
};
