import { gist } from '../cli/render/text.ts';
import { QuarantineInput, QuarantineOutput } from '../shared/run/payload.ts';
import { costOf, type ExecutionCost } from './cost/execution-cost.ts';
import { type Execution, messageOf } from './local/execution.ts';

/** What a run of one file came to, for people and for `--json`. */
export interface Outcome {
  execution: string;
  key: string;
  dataset: string;
  status: Execution['status'];
  /** What became of the data. `superseded`: a newer version of the file was there first. `ignored`: its name says that it is no data. */
  verdict: 'loaded' | 'superseded' | 'quarantined' | 'ignored' | 'failed';
  /** Why, in one sentence. */
  reason: string;
  score: number | null;
  threshold: number | null;
  /** As in the run record: a file in quarantine has all its rows rejected. */
  rows: Record<'read' | 'accepted' | 'rejected' | 'duplicate' | 'filtered' | 'silver', number> | null;
  /** What quarantine holds of the file. */
  quarantine: { scope: 'file' | 'rows'; rows: number; summary: string } | null;
  error: { name: string; message: string; state: string } | null;
  states: { state: string; tries: number; duration_ms: number }[];
  duration_ms: number;
  /** What it would cost on AWS, or did. */
  cost: ExecutionCost;
}

const Payload = QuarantineInput.extend({ quarantine: QuarantineOutput.optional() });

export const outcomeOf = (execution: Execution): Outcome => {
  const reached = execution.output ?? execution.resume.input;
  const { validate, quality, transform, load, error, quarantine } = Payload.safeParse(reached).data ?? {};
  // What had been caught before is not why an execution failed.
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
    reason: caught === undefined ? (quality?.reason ?? '') : `${caught.Error}: ${gist(messageOf(caught))}`,
    score: quality?.score ?? null,
    threshold: quality?.threshold ?? null,
    rows:
      validate === undefined || validated === undefined
        ? null
        : { ...validated, ...(transform?.rows ?? { duplicate: 0, filtered: 0, silver: 0 }) },
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

/** Where it failed; else what its last Catch led on from. */
const stateOf = ({ error, visits }: Execution): string => {
  const visit =
    error === undefined ? visits.findLast(({ caughtBy }) => caughtBy !== undefined) : visits.at(-1);
  return visit?.state ?? '';
};

/** Milliseconds; 0 while there is no end. */
export const between = (from: string, to: string | undefined): number =>
  to === undefined ? 0 : Date.parse(to) - Date.parse(from);
