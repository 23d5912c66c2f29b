import { z } from 'zod';
import { InvalidInput } from '../errors.ts';
import { type Lake, lakePaths } from '../lake/paths.ts';
import type { ObjectCreated } from './event.ts';
import { identify } from './run-identity.ts';
import { parseStored } from './stored.ts';

/**
 * A file that Validate refuses as a whole, as far as it knows it. An error has no output in the state machine, so Validate stages
 * this for Quarantine, which cannot load the contract itself: another one may be deployed by then.
 */
export const RefusedFile = z.object({
  /** Name of the error that Validate failed with. */
  error: z.string(),
  contract_version: z.string(),
  contract_fingerprint: z.string(),
  /** As in `ValidateOutput`, where the file could be opened. */
  format: z.string().exactOptional(),
  source_bytes: z.number().exactOptional(),
  /** Records in the file, where they could be counted. */
  records: z.number().exactOptional(),
});
export type RefusedFile = z.infer<typeof RefusedFile>;

/** Under the event's own id, because the run's is not known to Quarantine; and the execution's, because others may have another contract. */
const keyOf = (event: ObjectCreated, execution: string): string =>
  lakePaths.staging(identify(event).run_id, `refused-${execution}.json`);

export const writeRefusedFile = async (
  { silver }: Pick<Lake, 'silver'>,
  event: ObjectCreated,
  execution: string,
  refused: RefusedFile,
): Promise<void> => await silver.write(keyOf(event, execution), JSON.stringify(refused, null, 2));

/**
 * Reads what Validate has staged in the same execution. Undefined where it has not: the dataset has no contract, or the execution
 * began under an earlier release.
 *
 * @param error name of the error that the state machine caught; an earlier attempt of Validate may have met another one
 * @throws InvalidInput when the object is damaged
 */
export const readRefusedFile = async (
  { silver }: Pick<Lake, 'silver'>,
  event: ObjectCreated,
  execution: string,
  error: string,
): Promise<RefusedFile | undefined> => {
  const key = keyOf(event, execution);
  const body = await silver.read(key);
  if (body === undefined) return undefined;
  const refused = parseStored(
    RefusedFile,
    String(body),
    (problem, cause) =>
      new InvalidInput(
        `Staged silver/${key} does not describe a refused file: ${problem}. Remove the object and redrive: the run is then recorded without its contract.`,
        { cause },
      ),
  );
  return refused.error === error ? refused : undefined;
};
