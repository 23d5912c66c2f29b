import { z } from 'zod';
import { ObjectCreated } from '../../run/event.ts';
import { CaughtError } from '../../run/payload.ts';
import { identify, RunIdentity } from '../../run/run-identity.ts';

/** The subject of an invocation, as keys of every log line. */
export interface RunKeys {
  execution: string;
  /** Validate derives it from the contract: its first lines, and those of a file that it refuses, lack it. */
  run_id?: string;
  dataset: string;
  key: string;
}

const Validated = z.object({ run: RunIdentity.pick({ run_id: true }) });

const Envelope = z.object({
  execution: z.string(),
  state: ObjectCreated.extend({ error: CaughtError.optional(), validate: Validated.optional() }),
});

/** Dimension of all datasets without a contract: each upload under a new name would otherwise create new metrics. */
const UNKNOWN = 'unknown';

/** Undefined for an event that is not a step's input; the step itself reports what is wrong with it. */
export const runKeysOf = (event: unknown): RunKeys | undefined => {
  const parsed = Envelope.safeParse(event);
  if (!parsed.success) return undefined;
  const { execution, state } = parsed.data;
  const { dataset, key } = identify(state);
  const unknown = state.error?.Error === 'UnknownDataset';
  return {
    execution,
    ...(state.validate && { run_id: state.validate.run.run_id }),
    dataset: unknown ? UNKNOWN : dataset,
    key,
  };
};

/** The run's id in the output of a step; empty where it is not there. */
export const runIdIn = (output: unknown): Pick<RunKeys, 'run_id'> => {
  const parsed = Validated.safeParse(output);
  return parsed.success ? { run_id: parsed.data.run.run_id } : {};
};
