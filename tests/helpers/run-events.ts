/** Child process: `<lake> <events.json>`; runs the events all at once and prints how each execution ended. */
import { readFileSync } from 'node:fs';
import { Engine } from '../../cli/local/engine.ts';
import { openLake } from '../../cli/local/lake.ts';
import { loadStateMachine } from '../../cli/local/state-machine.ts';
import { STEPS } from '../../cli/local/steps.ts';
import { configFromEnv } from '../../shared/config.ts';
import type { ObjectCreated } from '../../shared/steps/event.ts';

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
