import path from 'node:path';
import { Engine } from '../operate/local/engine.ts';
import type { AttemptHeader, ExecutionEvent } from '../operate/local/execution-events.ts';
import { type LocalLake, openLake } from '../operate/local/lake.ts';
import { loadStateMachine } from '../operate/local/state-machine.ts';
import { STEPS } from '../operate/local/steps.ts';
import { type Config, configFromEnv } from '../shared/runtime/config.ts';
import type { Terminal } from './render/terminal.ts';

/** Documented in every command's help. */
export const EXIT = { ok: 0, failed: 1, quarantined: 2, usage: 64 } as const;

/** One call of the program. */
export interface Session {
  /** The project's folder: contracts, samples and the state machine lie below it. */
  root: string;
  env: NodeJS.ProcessEnv;
  terminal: Terminal;
  /** What the process will exit with. */
  exitCode: number;
}

/** The lake that a command works on. */
export interface Workspace {
  lakeFolder: string;
  lake: LocalLake;
  config: Config;
  engine: Engine;
}

export const openWorkspace = (
  { root, env }: Session,
  lakeFolder: string,
  onEvent?: (attempt: AttemptHeader, event: ExecutionEvent) => void,
): Workspace => {
  const folder = path.resolve(lakeFolder);
  const lake = openLake(folder);
  const config = configFromEnv(env, { sqlDir: path.join(root, 'sql') });
  const engine = new Engine({
    lakeFolder: folder,
    lake,
    config,
    definition: loadStateMachine(path.join(root, 'statemachines/pipeline.asl.yml')),
    steps: STEPS,
    ...(onEvent && { onEvent }),
  });
  return { lakeFolder: folder, lake, config, engine };
};
