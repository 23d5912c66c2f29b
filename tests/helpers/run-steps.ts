import { loadToGold } from '../../functions/load-to-gold.ts';
import { qualityScore } from '../../functions/quality-score.ts';
import { transform } from '../../functions/transform.ts';
import { validate } from '../../functions/validate.ts';
import { objectCreatedEvent, openLake } from '../../operate/local/lake.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import type { StepContext } from '../../shared/runtime/step.ts';
import { config } from './engine.ts';
import { datasets } from './pipeline.ts';
import { scratch } from './scratch.ts';
import { envelope } from './steps.ts';

/** A lake of which the handlers are called one by one, as the state machine does it, on the real DuckDB and a folder. */
export class StepRunner {
  readonly lake: Lake = openLake(scratch());
  context: StepContext;
  /** Whether the state machine can go back to Validate; those of earlier releases cannot. */
  goesBack = true;

  /** @param files text of contracts and models by their paths below `sql` */
  constructor(files: Readonly<Record<string, string>>, more: Partial<StepContext> = {}) {
    this.context = { lake: this.lake, config: { ...config, sqlDir: datasets(files) }, ...more };
  }

  /** Replaces the contracts and models that later calls see. */
  deploy(files: Readonly<Record<string, string>>): void {
    this.context = { ...this.context, config: { ...this.context.config, sqlDir: datasets(files) } };
  }

  /** Puts a file into raw. */
  async put(content: string, key = 'people/file'): Promise<ObjectCreated> {
    await this.lake.raw.write(key, content);
    const object = await this.lake.raw.head(key);
    if (object === undefined) throw new Error('not in raw');
    return objectCreatedEvent(this.lake.raw.name, object);
  }

  /** The state before Transform. */
  async scored(content: string, key?: string) {
    const event = await this.put(content, key);
    const validated = { ...event, validate: await validate(this.#envelope(event), this.context) };
    return { ...validated, quality: await qualityScore(this.#envelope(validated), this.context) };
  }

  /** The state before LoadToGold. */
  async transformed(content: string, key?: string) {
    const state = await this.scored(content, key);
    return { ...state, transform: await this.transform(state) };
  }

  transform(state: unknown): ReturnType<typeof transform> {
    return transform(this.#envelope(state), this.context);
  }

  load(state: unknown): ReturnType<typeof loadToGold> {
    return loadToGold(this.#envelope(state), this.context);
  }

  #envelope(state: unknown): unknown {
    return envelope(state, this.goesBack);
  }
}
