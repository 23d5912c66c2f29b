import { type ZodType, z } from 'zod';
import { asFullDisk } from '../engine/exhausted.ts';
import { withoutValues } from '../engine/failure-reason.ts';
import { withScratch } from '../engine/scratch.ts';
import { type Db, withDuckDb } from '../engine/with-duckdb.ts';
import { InvalidInput } from '../errors.ts';
import { type Catalog, counted } from '../lake/catalog/catalog.ts';
import { type Lake, ZONES } from '../lake/paths.ts';
import { metered } from '../lake/storage/metered-store.ts';
import type { Usage } from '../run/payload.ts';
import type { Config } from './config.ts';
import { usageOf } from './usage.ts';

/** What a step is given besides its input. */
export interface StepContext {
  lake: Lake;
  config: Config;
  /** Where engines find silver and gold by name; none on a laptop. */
  catalog?: Catalog;
  /** In Lambda: when the invocation began, and of an instance's first one what starting it took, in ms. */
  invocation?: { began: number; initMs?: number };
}

/** What the body of a step works with. */
export interface StepTools extends StepContext {
  /** A folder of this invocation's own, removed when it ends. */
  scratch: string;
  /** Name of the execution that called. */
  execution: string;
  /** Opens DuckDB with the function's memory; see `withDuckDb`. What DuckDB throws leaves without values. */
  duckDb<T>(work: (db: Db) => Promise<T>, options?: { ordered?: boolean }): Promise<T>;
  /** What this invocation used so far. */
  usage(): Usage;
}

/** One Task state of the pipeline: `({ execution, state }, context) → output plus usage`. */
export type Step<Output = unknown> = (
  input: unknown,
  context: StepContext,
) => Promise<Output & { usage: Usage }>;

/** What the state machine's Parameters hand to every Task. */
const Envelope = z.object({ execution: z.string(), state: z.unknown() });

const parse = <Schema extends ZodType>(name: string, schema: Schema, value: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidInput(
    `${name} was called with something else than its input: ${z.prettifyError(parsed.error)}`,
  );
};

/**
 * Makes a step of its input's schema and its body: parses the input, gives the body a scratch folder and
 * counted storage, and adds what it used to its output.
 *
 * @throws InvalidInput when the input is not what the schema says; OutOfMemory, OutOfDisk; whatever the body throws
 */
export const step =
  <Schema extends ZodType, Output extends object>(
    name: string,
    schema: Schema,
    body: (input: z.output<Schema>, tools: StepTools) => Promise<Output>,
  ): Step<Output> =>
  async (raw, context) => {
    const began = context.invocation?.began ?? performance.now();
    const { execution, state } = parse(name, Envelope, raw);
    const input = parse(name, schema, state);
    const stores = Object.fromEntries(ZONES.map((zone) => [zone, metered(context.lake[zone])]));
    const lake = stores as Record<(typeof ZONES)[number], ReturnType<typeof metered>>;
    const catalog = context.catalog && counted(context.catalog);
    const usage = (): Usage =>
      usageOf(context, began, {
        stores: Object.values(lake).map((store) => store.usage),
        catalog: catalog?.requests() ?? 0,
      });
    return await withScratch(context.config.scratchRoot, async (scratch) => {
      try {
        const { memoryMb, threads } = context.config;
        const output = await body(input, {
          ...context,
          ...(catalog && { catalog }),
          lake,
          scratch,
          execution,
          duckDb: (work, options) =>
            withDuckDb({ memoryMb, threads, scratch, ...options }, work).catch((error: unknown) => {
              throw withoutValues(error);
            }),
          usage,
        });
        return { ...output, usage: usage() };
      } catch (error) {
        throw asFullDisk(error, scratch);
      }
    });
  };
