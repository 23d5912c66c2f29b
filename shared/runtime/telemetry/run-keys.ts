import { z } from 'zod';
import { ObjectCreated } from '../../run/event.ts';
import { CaughtError } from '../../run/payload.ts';
import { identify } from '../../run/run-identity.ts';

/** The run that an invocation belongs to, as keys of every log line and trace. */
export interface RunKeys {
  execution: string;
  run_id: string;
  dataset: string;
  key: string;
}

const Envelope = z.object({
  execution: z.string(),
  state: ObjectCreated.extend({ error: CaughtError.optional() }),
});

/** Dimension of all datasets without a contract: each upload under a new name would otherwise create new metrics. */
const UNKNOWN = 'unknown';

/** Undefined for an event that is not a step's input; the step itself reports what is wrong with it. */
export const runKeysOf = (event: unknown): RunKeys | undefined => {
  const parsed = Envelope.safeParse(event);
  if (!parsed.success) return undefined;
  const { execution, state } = parsed.data;
  const { run_id, dataset, key } = identify(state);
  const unknown = state.error?.Error === 'UnknownDataset';
  return { execution, run_id, dataset: unknown ? UNKNOWN : dataset, key };
};
