import { type ZodType, z } from 'zod';
import { asFullDisk } from '../engine/exhausted.ts';
import { withoutValues } from '../engine/failure-reason.ts';
import { withScratch } from '../engine/scratch.ts';
import { type Db, withDuckDb } from '../engine/with-duckdb.ts';
import { InvalidInput } from '../errors.ts';
import type { Catalog } from '../lake/catalog/catalog.ts';
import type { Lake } from '../lake/paths.ts';
import type { Usage } from '../run/payload.ts';
import type { Config } from './config.ts';
import { meter } from './usage.ts';

/** The environment of a step: all that it is given besides its input. */
export interface StepContext {
  lake: Lake;
  config: Config;
  /** Lets engines find silver and gold by name; none on a laptop. */
  catalog?: Catalog;
  /** In Lambda, in ms: when the invocation began, and how long the instance took to start, if this is its first one. */
  invocation?: { began: number; initMs?: number };
}

/** The environment of a step's body. */
export interface StepTools extends StepContext {
  /** Folder of this invocation alone, removed when it ends. */
  scratch: string;
  /** Name of the execution that called the step. */
  execution: string;
  /** Whether the execution can go back to Validate: the state machines of earlier releases cannot. */
  goesBack: boolean;
  /** Opens DuckDB with the function's memory; see `withDuckDb`. Values are removed from the messages of DuckDB's errors. */
  duckDb<T>(work: (db: Db) => Promise<T>, options?: { ordered?: boolean }): Promise<T>;
  /** Usage of this invocation so far. */
  usage(): Usage;
}

/** One Task state of the pipeline: `({ execution, state }, context) → output plus usage`. */
export type Step<Output = unknown> = (
  input: unknown,
  context: StepContext,
) => Promise<Output & { usage: Usage }>;

/** The Parameters of every Task in the state machine. */
const Envelope = z.object({
  execution: z.string(),
  state: z.unknown(),
  /** The state machines of earlier releases do not say it. */
  goes_back: z.boolean().default(false),
});

const parse = <Schema extends ZodType>(name: string, schema: Schema, value: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidInput(`${name} received invalid input: ${z.prettifyError(parsed.error)}`);
};

/**
 * Makes a step from its input's schema and its body: parses the input, gives the body a scratch folder and metered
 * storage, and adds the usage to its output. The step also throws every error of its body.
 *
 * @throws InvalidInput when the input does not match the schema
 * @throws OutOfMemory, OutOfDisk when the function is too small
 */
export const step =
  <Schema extends ZodType, Output extends object>(
    name: string,
    schema: Schema,
    body: (input: z.output<Schema>, tools: StepTools) => Promise<Output>,
  ): Step<Output> =>
  async (raw, context) => {
    const metered = meter(context);
    const { execution, state, goes_back: goesBack } = parse(name, Envelope, raw);
    const input = parse(name, schema, state);
    return await withScratch(context.config.scratchRoot, async (scratch) => {
      try {
        const { memoryMb, threads } = context.config;
        const output = await body(input, {
          ...context,
          ...metered,
          scratch,
          execution,
          goesBack,
          duckDb: (work, options) =>
            withDuckDb({ memoryMb, threads, scratch, ...options }, work).catch((error: unknown) => {
              throw withoutValues(error);
            }),
        });
        return { ...output, usage: metered.usage() };
      } catch (error) {
        throw asFullDisk(error, scratch);
      }
    });
  };
