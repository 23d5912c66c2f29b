import { z } from 'zod';
import { TableDamaged } from '../../shared/errors.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { QuarantineInput, TransformOutput } from '../../shared/run/payload.ts';
import { parseStored } from '../../shared/run/stored.ts';

const State = z.object({
  id: z.string(),
  dataset: z.string(),
  contract_fingerprint: z.string(),
  /** ISO 8601. */
  requested_at: z.string(),
});
export type RebuildState = z.infer<typeof State>;

/** The results of one file. */
const FileNote = z.object({
  source_id: z.string(),
  /** Of the newest version. */
  sequencer: z.string(),
  uploaded_at: z.string(),
  /** Of the newest version, and where it was refused also of the one before, and so on; with the payload of the last state. */
  results: z.array(
    z.object({
      status: z.enum(['loaded', 'refused', 'ignored']),
      payload: QuarantineInput.extend({ transform: TransformOutput.optional() }),
    }),
  ),
});
export type FileNote = z.infer<typeof FileNote>;

const STATE = 'state.json';

/**
 * The notes of a rebuild, in silver: what it is about, and the result of each file. With them a rebuild that was interrupted
 * goes on, and run records and quarantine are written when the rows can be seen.
 */
export class RebuildNotes {
  readonly state: RebuildState;
  readonly #silver: ObjectStore;

  private constructor(silver: ObjectStore, state: RebuildState) {
    this.#silver = silver;
    this.state = state;
  }

  /** The notes of a dataset's unfinished rebuild; undefined where there is none. */
  static async unfinished(silver: ObjectStore, dataset: string): Promise<RebuildNotes | undefined> {
    const key = lakePaths.rebuild(dataset, STATE);
    const body = await silver.read(key);
    return body && new RebuildNotes(silver, parse(State, body, key));
  }

  static async begin(silver: ObjectStore, state: RebuildState): Promise<RebuildNotes> {
    await silver.write(lakePaths.rebuild(state.dataset, STATE), JSON.stringify(state));
    return new RebuildNotes(silver, state);
  }

  async find(sourceId: string): Promise<FileNote | undefined> {
    const key = this.#key(sourceId);
    const body = await this.#silver.read(key);
    return body && parse(FileNote, body, key);
  }

  async write(note: FileNote): Promise<void> {
    await this.#silver.write(this.#key(note.source_id), JSON.stringify(note));
  }

  async *all(): AsyncIterable<FileNote> {
    for await (const { key } of this.#silver.list(this.#key(''))) {
      const body = await this.#silver.read(key);
      if (body !== undefined) yield parse(FileNote, body, key);
    }
  }

  /** Forgets everything, what is apart for this rebuild included; the state last. */
  async remove(): Promise<void> {
    const { dataset } = this.state;
    const keys: string[] = [];
    for await (const { key } of this.#silver.list(lakePaths.rebuild(dataset, ''))) keys.push(key);
    const state = lakePaths.rebuild(dataset, STATE);
    await this.#silver.removeMany(keys.filter((key) => key !== state));
    await this.#silver.remove(state);
  }

  #key(sourceId: string): string {
    return lakePaths.rebuild(this.state.dataset, `${this.state.id}/files/${sourceId}${sourceId && '.json'}`);
  }
}

const parse = <Schema extends z.ZodType>(schema: Schema, body: Buffer, key: string): z.output<Schema> =>
  parseStored(
    schema,
    body.toString(),
    (problem, cause) =>
      new TableDamaged(`silver/${key} is not a note of a rebuild: ${problem}. Remove it, and begin again.`, {
        cause,
      }),
  );
