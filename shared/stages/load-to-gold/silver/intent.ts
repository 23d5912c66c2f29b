import { z } from 'zod';
import { dataFileSchema } from '../../../lake/table/data-file-schema.ts';
import { RunIdentity } from '../../../run/run-identity.ts';
import { StagedSilver } from '../../transform/staged-silver.ts';

/**
 * The words of silver's commit:
 *
 * - A *source* is a key in the raw zone; each upload of it is a version. A *run* loads one version.
 * - A run's *staged files* are the data files that Transform wrote for it.
 * - An *intent* is a run with its staged files: all that a commit needs. The *own* intent is that of the run that
 *   commits; *waiting* intents are those of other runs, which it may take along.
 * - A *committed source* is the entry that silver's index has for a source.
 * - A *standing* says how an intent compares with the committed source (`plan-sources.ts`).
 * - Files of the table are *whole* when all of their rows are of sources that are replaced, and *mixed* when compaction
 *   has merged such rows with others. *Rivals* are files that may hold the same keys as rows that come or go
 *   (`plan-silver-files.ts`).
 */
export const Intent = z.object({
  run: RunIdentity,
  /** Fingerprint of the contract that the rows were made under. */
  fingerprint: z.string(),
  staged: StagedSilver,
});
export type Intent = z.infer<typeof Intent>;

const FORMAT = 1;

const Stored = Intent.extend({ format: z.literal(FORMAT) });

/** An intent as it is stored, so that other runs can take it along. */
export const intentToJson = (intent: Intent): string => JSON.stringify({ format: FORMAT, ...intent });

/** Undefined for an intent of another release: taking it along is optional, and its own run commits it. */
export const intentFromJson = (body: Buffer): Intent | undefined => {
  const stored = Stored.safeParse(jsonIn(body));
  if (!stored.success) return undefined;
  const { format: _, ...intent } = stored.data;
  return intent;
};

/** The only part that is needed to keep an intent's files, so that intents of other releases are understood as well. */
const FilesOfIntent = z.object({
  staged: z.object({ files: z.array(dataFileSchema.pick({ key: true })) }),
});

/** Keys of the data files that a stored intent of any release names; none where it is damaged. */
export const filesOfIntent = (body: Buffer): string[] =>
  FilesOfIntent.safeParse(jsonIn(body)).data?.staged.files.map(({ key }) => key) ?? [];

/** Undefined for text that is not JSON. */
const jsonIn = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
};
