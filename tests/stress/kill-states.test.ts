import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { objectCreatedEvent, openLake } from '../../operate/local/lake.ts';
import { STEPS } from '../../operate/local/steps.ts';
import { engineOn, ROOT } from '../helpers/engine.ts';
import { kill, printed, startNode } from '../helpers/killed.ts';
import { lakeContent } from '../helpers/lake-content.ts';
import { scratch } from '../helpers/scratch.ts';

/** A file with clean, duplicate and rejected rows, which passes through every state. */
const SAMPLE = path.join(ROOT, 'samples/signups/2024-01.csv');
const KEY = 'signups/2024-01.csv';

const lakeWithSample = (): string => {
  const lake = scratch();
  mkdirSync(path.join(lake, 'raw/signups'), { recursive: true });
  cpSync(SAMPLE, path.join(lake, 'raw', KEY));
  return lake;
};

const undisturbed = async () => {
  const folder = lakeWithSample();
  const { raw } = openLake(folder);
  const engine = engineOn(folder, { steps: STEPS });
  const execution = await engine.run(objectCreatedEvent(raw.name, await raw.adopt(KEY)));
  return { execution, content: await lakeContent(folder) };
};

const states = ['Validate', 'QualityScore', 'Transform', 'LoadToGold', 'Quarantine'];

describe('after kill -9 and a redrive the tables are those of an undisturbed run', () => {
  let expected: Awaited<ReturnType<typeof undisturbed>>;
  beforeAll(async () => {
    expected = await undisturbed();
  });

  test('the sample passes through every state', () => {
    const visited = expected.execution.visits.map(({ state }) => state);
    expect(visited).toEqual(expect.arrayContaining(states));
    expect(expected.content['silver.signups']?.length).toBeGreaterThan(100);
    expect(expected.content['main.runs']).toHaveLength(1);
  });

  test.each(
    states.flatMap((state) => [
      [state, 'before'],
      [state, 'after'],
    ]),
  )('in %s, %s its work', async (state, when) => {
    const folder = lakeWithSample();
    const child = startNode('tests/helpers/hang-at-state.ts', ROOT, folder, KEY, state, when);
    await printed(child, 'hanging');
    await kill(child);

    const engine = engineOn(folder, { steps: STEPS });
    const [stale] = engine.list();
    expect(stale).toMatchObject({ status: 'stale', key: KEY, resume: { state } });
    expect(await engine.redrive(stale?.id ?? '')).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(await lakeContent(folder)).toEqual(expected.content);
  });
});
