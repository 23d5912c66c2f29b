/**
 * A program to be killed: `node hang-at-state.ts <root> <lake> <key> <state> before|after`. Runs a raw file
 * through the real pipeline, prints "hanging" before or after the work of one state, and never continues.
 */
import path from 'node:path';
import { Engine } from '../../operate/local/engine.ts';
import { objectCreatedEvent, openLake } from '../../operate/local/lake.ts';
import { loadStateMachine } from '../../operate/local/state-machine.ts';
import { STEPS } from '../../operate/local/steps.ts';
import { configFromEnv } from '../../shared/runtime/config.ts';
import type { Step } from '../../shared/runtime/step.ts';

const main = async (root: string, lakeFolder: string, key: string, state: string, when: string) => {
  const hanging: Step = async (input, context) => {
    if (when === 'after') await STEPS[state]?.(input, context);
    process.stdout.write('hanging\n');
    return new Promise(() => setInterval(() => undefined, 1_000));
  };
  const lake = openLake(lakeFolder);
  const engine = new Engine({
    lakeFolder,
    lake,
    config: configFromEnv(process.env, { sqlDir: path.join(root, 'sql') }),
    definition: loadStateMachine(path.join(root, 'statemachines/pipeline.asl.yml')),
    steps: { ...STEPS, [state]: hanging },
  });
  await engine.run(objectCreatedEvent(lake.raw.name, await lake.raw.adopt(key)));
};

const [root = '', lakeFolder = '', key = '', state = '', when = ''] = process.argv.slice(2);
void main(root, lakeFolder, key, state, when);
