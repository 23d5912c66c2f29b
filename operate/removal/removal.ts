import { z } from 'zod';
import { TableDamaged } from '../../shared/errors.ts';
import { type Lake, lakePaths } from '../../shared/lake/paths.ts';
import { parseStored } from '../../shared/run/stored.ts';

const FORMAT = 1;

/** A file that a removal takes out. */
const SelectedFile = z.object({
  dataset: z.string(),
  key: z.string(),
  source_id: z.string(),
  /** Of the newest version that was there, where they are known. */
  sequencer: z.string().optional(),
  version_id: z.string().optional(),
  uploaded_at: z.string().optional(),
  /** Of the object in raw; absent where there is none. */
  etag: z.string().optional(),
});
export type SelectedFile = z.infer<typeof SelectedFile>;

/**
 * A removal as silver keeps it. It is written before anything is looked up, so that the storage's clock tells when it was
 * asked for, and again with the files that it takes out. From then on any process can carry it out.
 */
const Removal = z.object({
  format: z.literal(FORMAT),
  id: z.string(),
  /** Keys, and prefixes that end in `/`. */
  asked: z.array(z.string()),
  keep_raw: z.boolean(),
  /** ISO 8601, by the storage's clock. Absent together with `files` while they are looked up. */
  at: z.string().optional(),
  files: z.array(SelectedFile).optional(),
});
export type Removal = z.infer<typeof Removal>;

/** A removal that can be carried out. */
export interface ReadyRemoval extends Removal {
  at: string;
  files: SelectedFile[];
}

export const isReady = (removal: Removal): removal is ReadyRemoval =>
  removal.at !== undefined && removal.files !== undefined;

type Silver = Pick<Lake, 'silver'>;

export const newRemoval = (id: string, asked: readonly string[], keepRaw: boolean): Removal => ({
  ...{ format: FORMAT, id, asked: [...asked], keep_raw: keepRaw },
});

export const writeRemoval = async ({ silver }: Silver, removal: Removal): Promise<void> =>
  await silver.write(lakePaths.removal(removal.id), JSON.stringify(removal, null, 2));

export const dropRemoval = async ({ silver }: Silver, { id }: Pick<Removal, 'id'>): Promise<void> => {
  await silver.remove(lakePaths.removal(id));
};

/** Keeps what was removed for later readers, and ends the removal. */
export const finishRemoval = async (
  lake: Silver,
  removal: ReadyRemoval,
  results: readonly object[],
): Promise<void> => {
  const done = { ...removal, files: undefined, results };
  await lake.silver.write(lakePaths.removalDone(removal.id), JSON.stringify(done, null, 2));
  await dropRemoval(lake, removal);
};

/**
 * The removals that are not done, the oldest first.
 *
 * @throws TableDamaged when one cannot be read
 */
export const openRemovals = async ({ silver }: Silver): Promise<Removal[]> => {
  const removals: { removal: Removal; written: number }[] = [];
  for await (const { key, lastModified } of silver.list(lakePaths.removals)) {
    const body = await silver.read(key);
    // Done since it was listed.
    if (body === undefined) continue;
    const removal = parseStored(
      Removal,
      String(body),
      (problem, cause) =>
        new TableDamaged(
          `silver/${key} is not a removal: ${problem}. Delete the object, and run duckstep remove again.`,
          { cause },
        ),
    );
    removals.push({ removal, written: lastModified.getTime() });
  }
  return removals.toSorted((a, b) => a.written - b.written).map(({ removal }) => removal);
};
