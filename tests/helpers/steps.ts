import { validate } from '../../functions/validate.ts';
import { objectCreatedEvent, openLake } from '../../operate/local/lake.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import type { StepContext } from '../../shared/runtime/step.ts';
import { datasets } from './pipeline.ts';
import { scratch } from './scratch.ts';
import { contractYaml } from './silver-lake.ts';

const PROPERTIES = [
  '{ name: id, logicalType: integer, primaryKey: true }',
  '{ name: name, logicalType: string, required: true }',
];

export interface Bench {
  lake: Lake;
  context: StepContext;
  /** Puts a file into raw; returns its event. */
  put(content: string | Buffer, key?: string): Promise<ObjectCreated>;
  /** The state after Validate. */
  validated(
    content: string | Buffer,
  ): Promise<ObjectCreated & { validate: Awaited<ReturnType<typeof validate>> }>;
}

/** The input that the state machine passes to a step; with `goes_back: false`, that of an earlier release. */
export const envelope = (state: unknown, goes_back = true): unknown => ({
  execution: 'test',
  state,
  goes_back,
});

/** A lake with the dataset `people`, for tests that call single steps. */
export const bench = (more = ''): Bench => {
  const lake = openLake(scratch());
  const sqlDir = datasets({ 'people/contract.yaml': `${contractYaml('people', PROPERTIES)}\n${more}` });
  const config = {
    ...{ memoryMb: 512, threads: 2, sqlDir, scratchRoot: scratch() },
    ...{ maxUnpackedBytes: 1e8, maxRecordBytes: 1e6 },
  };
  const context = { lake, config };
  const put = async (content: string | Buffer, key = 'people/file'): Promise<ObjectCreated> => {
    await lake.raw.write(key, content);
    const object = await lake.raw.head(key);
    if (object === undefined) throw new Error('not in raw');
    return objectCreatedEvent(lake.raw.name, object);
  };
  const validated = async (content: string | Buffer) => {
    const event = await put(content);
    return { ...event, validate: await validate(envelope(event), context) };
  };
  return { lake, context, put, validated };
};

/** The contents of all objects of a zone, by key. */
export const contentsOf = async (store: Lake['silver']): Promise<Record<string, string>> => {
  const contents: Record<string, string> = {};
  for await (const { key } of store.list(''))
    contents[key] = String((await store.read(key))?.toString('base64'));
  return contents;
};
