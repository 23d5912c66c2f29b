import { z } from 'zod';
import { TableDamaged } from '../../shared/errors.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { parseStored } from '../../shared/run/stored.ts';

const State = z.object({
  id: z.string(),
  dataset: z.string(),
  requested_at: z.string(),
  /** The condition: it is needed to go on, and is removed with the note. */
  where: z.string(),
  /** The counts of each step, before it was carried out, and whether it was. */
  steps: z.record(z.string(), z.object({ done: z.boolean(), result: z.unknown() })),
});
type State = z.infer<typeof State>;

/**
 * The note of a request that is under way, in silver. It is written before anything is removed, so that a request that was
 * interrupted goes on with the same command, and its receipt counts everything.
 */
export class ForgetNotes {
  readonly state: State;
  readonly #silver: ObjectStore;

  private constructor(silver: ObjectStore, state: State) {
    this.#silver = silver;
    this.state = state;
  }

  /** The note of a dataset's unfinished request; undefined where there is none. */
  static async unfinished(silver: ObjectStore, dataset: string): Promise<ForgetNotes | undefined> {
    const key = lakePaths.forgetting(dataset);
    const body = await silver.read(key);
    if (body === undefined) return undefined;
    const damaged = (problem: string, cause: unknown) =>
      new TableDamaged(
        `silver/${key} is not the note of a request: ${problem}. Remove it, and begin again.`,
        {
          cause,
        },
      );
    return new ForgetNotes(silver, parseStored(State, body.toString(), damaged));
  }

  static async begin(silver: ObjectStore, begun: Omit<State, 'steps'>): Promise<ForgetNotes> {
    const notes = new ForgetNotes(silver, { ...begun, steps: {} });
    await notes.#write();
    return notes;
  }

  /**
   * Does a step unless it is done. Its counts are noted before it is carried out: after an interruption the plan finds only
   * what is left, and the first counts are those that are right.
   *
   * @param carryOut may return counts that are better than the plan's; it is handed those of an earlier call
   */
  async step<Result, Plan>(
    name: string,
    plan: () => Promise<{ result: Result; plan: Plan }>,
    carryOut: (plan: Plan, earlier: Result | undefined) => Promise<Result | undefined>,
  ): Promise<Result> {
    const earlier = this.state.steps[name];
    if (earlier?.done) return earlier.result as Result;
    const planned = await plan();
    const before = earlier?.result as Result | undefined;
    const result = before ?? planned.result;
    await this.#note(name, { done: false, result });
    const final = (await carryOut(planned.plan, before)) ?? result;
    await this.#note(name, { done: true, result: final });
    return final;
  }

  async remove(): Promise<void> {
    await this.#silver.remove(lakePaths.forgetting(this.state.dataset));
  }

  async #note(name: string, step: State['steps'][string]): Promise<void> {
    this.state.steps[name] = step;
    await this.#write();
  }

  async #write(): Promise<void> {
    await this.#silver.write(lakePaths.forgetting(this.state.dataset), JSON.stringify(this.state));
  }
}
