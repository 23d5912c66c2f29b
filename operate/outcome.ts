import { gist } from '../shared/base/text.ts';
import { QuarantineInput, QuarantineOutput } from '../shared/run/payload.ts';
import { refusedWhole } from '../shared/run/refused-whole.ts';
import { messageOf } from '../shared/run/state-error.ts';
import { between, type Execution } from './execution.ts';
import { costOf, type ExecutionCost } from './execution-cost.ts';

/** The result of one execution, for people and for `--json`. */
export interface Outcome {
  execution: string;
  key: string;
  dataset: string;
  status: Execution['status'];
  /** `superseded`: a newer version of the file was loaded first. `ignored`: the key's name says that it holds no data. */
  verdict: 'loaded' | 'superseded' | 'quarantined' | 'ignored' | 'failed';
  /** The reason for the verdict, in one sentence. */
  reason: string;
  score: number | null;
  threshold: number | null;
  /** As in the run record: all rows of a file in quarantine are rejected. Null where no row was read. */
  rows: Record<
    | 'read'
    | 'accepted'
    | 'rejected'
    | 'duplicate'
    | 'filtered'
    | 'silver'
    /** Rows of other files that rows of this one supersede. */
    | 'superseding'
    /** Silver rows of this file that rows of other files supersede. */
    | 'superseded',
    number
  > | null;
  /** The part of the file that is in quarantine. `summary` is a key in the quarantine zone. */
  quarantine: { scope: 'file' | 'rows'; rows: number; summary: string } | null;
  error: { name: string; message: string; state: string } | null;
  states: { state: string; tries: number; duration_ms: number }[];
  duration_ms: number;
  /** The cost on AWS; for a run on a laptop, an estimate of it. */
  cost: ExecutionCost;
}

const Payload = QuarantineInput.extend({ quarantine: QuarantineOutput.optional() });

/** Derives the result of an execution from the output, or from the input of the state that it reached. */
export const outcomeOf = (execution: Execution): Outcome => {
  const reached = execution.output ?? execution.resume.input;
  const { validate, quality, transform, load, error, quarantine } = Payload.safeParse(reached).data ?? {};
  // An error that was caught earlier is not the reason why an execution failed.
  const caught = execution.error ?? error;
  const succeeded = caught?.Error === 'KeyIgnored' ? 'ignored' : (load?.status ?? 'quarantined');
  const verdict = execution.status === 'succeeded' ? succeeded : 'failed';
  const read = validate?.rows.read ?? 0;
  const validated = verdict === 'quarantined' ? { read, accepted: 0, rejected: read } : validate?.rows;
  return {
    execution: execution.id,
    key: execution.key,
    dataset: execution.dataset,
    status: execution.status,
    verdict,
    reason:
      caught === undefined
        ? [
            load?.reason ?? quality?.reason,
            verdict === 'quarantined' && validate && refusedWhole(validate.rows),
          ]
            .filter((part) => typeof part === 'string')
            .join(' ')
        : `${caught.Error}: ${gist(messageOf(caught))}`,
    score: quality?.score ?? null,
    threshold: quality?.threshold ?? null,
    rows:
      validate === undefined || validated === undefined
        ? null
        : {
            ...validated,
            ...(transform?.rows ?? { duplicate: 0, filtered: 0, silver: 0 }),
            superseding: load?.rows_superseding ?? 0,
            superseded: load?.rows_superseded ?? 0,
          },
    quarantine:
      quarantine === undefined
        ? null
        : { scope: quarantine.scope, rows: quarantine.rows, summary: quarantine.summary },
    error:
      caught === undefined
        ? null
        : { name: caught.Error, message: messageOf(caught), state: stateOf(execution) },
    states: execution.visits
      .filter((visit) => visit.type === 'Task')
      .map(({ state, tries, entered, left }) => ({ state, tries, duration_ms: between(entered, left) })),
    duration_ms: between(execution.started, execution.ended),
    cost: costOf(execution),
  };
};

/** The state that failed; else the state whose error was caught last. */
const stateOf = ({ error, visits }: Execution): string => {
  const visit =
    error === undefined ? visits.findLast(({ caughtBy }) => caughtBy !== undefined) : visits.at(-1);
  return visit?.state ?? '';
};
