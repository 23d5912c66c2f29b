/** Child process: `<lake> <events.json>`; processes the events all at once and prints the status of each execution. */
import { readFileSync } from 'node:fs';
import { Engine } from '../../operate/local/engine.ts';
import { openLake } from '../../operate/local/lake.ts';
import { loadStateMachine } from '../../operate/local/state-machine.ts';
import { STEPS } from '../../operate/local/steps.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import { configFromEnv } from '../../shared/runtime/config.ts';

const [lakeFolder = '', file = ''] = process.argv.slice(2);
const engine = new Engine({
  lakeFolder,
  lake: openLake(lakeFolder),
  config: configFromEnv({ DUCKSTEP_MEMORY_MB: '512' }, { sqlDir: 'sql' }),
  definition: loadStateMachine('statemachines/pipeline.asl.yml'),
  steps: STEPS,
  retryDelayMs: 10,
});
const events = JSON.parse(readFileSync(file, 'utf8')) as ObjectCreated[];
const executions = await Promise.all(events.map((event) => engine.run(event)));
process.stdout.write(executions.map(({ status }) => status).join(' '));
