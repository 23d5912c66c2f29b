import { z } from 'zod';
import { ObjectCreated } from '../../run/event.ts';
import { CaughtError } from '../../run/payload.ts';
import { identify } from '../../run/run-identity.ts';

/** What an invocation is about; on every log line and trace. */
export interface Subject {
  execution: string;
  run_id: string;
  dataset: string;
  key: string;
}

const Envelope = z.object({
  execution: z.string(),
  state: ObjectCreated.extend({ error: CaughtError.optional() }),
});

/** A dimension's value for datasets that nobody defined: whoever may upload could make up any number of names. */
const UNKNOWN = 'unknown';

/** Undefined for what is no input of a step; the step itself says what is wrong with it. */
export const subjectOf = (event: unknown): Subject | undefined => {
  const parsed = Envelope.safeParse(event);
  if (!parsed.success) return undefined;
  const { execution, state } = parsed.data;
  const { run_id, dataset, key } = identify(state);
  const unknown = state.error?.Error === 'UnknownDataset';
  return { execution, run_id, dataset: unknown ? UNKNOWN : dataset, key };
};
