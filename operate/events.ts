import type { Outcome } from './outcome.ts';
import type { SizeClass } from './queue.ts';
import type { Uploaded } from './uploads.ts';

/** One moment in a state of an execution. `at` is ISO 8601, UTC, with milliseconds. */
interface StateMoment {
  at: string;
  execution: string;
  /** The file's key in raw. */
  key: string;
  state: string;
}

/** Progress of an operation. Plain data: it can be printed, or sent on to a browser. */
export type PipelineEvent =
  /** Work has begun that may take long; it ends with the next event. */
  | { type: 'working'; what: string }
  | { type: 'uploaded'; file: Uploaded }
  | ({ type: 'state-entered' } & StateMoment)
  | ({ type: 'state-failed'; error: { name: string; message: string } } & StateMoment)
  | ({ type: 'state-retried' } & StateMoment)
  | { type: 'outcome'; outcome: Outcome }
  /** Executions that have ended of those that the operation is about; files that are queued, by size class. */
  | { type: 'progress'; done: number; total: number; waiting?: Record<SizeClass, number> }
  /** A sentence for the user that is no part of the result. */
  | { type: 'remark'; text: string };

/** Events of a lake that is watched. */
export type WatchEvent =
  | PipelineEvent
  /** An execution of the file failed earlier; a person has to redrive it. */
  | { type: 'failed-earlier'; execution: string; key: string }
  /** The key's name says that it holds no data. Reported once for each key. */
  | { type: 'ignored'; key: string; reason: string }
  /** A file could not be taken. `key` is the folder that is watched where the error concerns no single file. */
  | { type: 'error'; key: string; error: { name: string; message: string } };

/** Called with each event as it happens; must not throw. */
export type Observer = (event: PipelineEvent) => void;
