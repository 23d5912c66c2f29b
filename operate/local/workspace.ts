import path from 'node:path';
import { type Config, configFromEnv } from '../../shared/runtime/config.ts';
import type { Step } from '../../shared/runtime/step.ts';
import { Engine } from './engine.ts';
import { type LocalLake, openLake } from './lake.ts';
import { loadStateMachine } from './state-machine.ts';
import { STEPS } from './steps.ts';

export interface WorkspaceOptions {
  /** The project's folder: the datasets and the state machine lie below it. */
  root: string;
  env: NodeJS.ProcessEnv;
  /** The folder of the lake; it need not exist yet. */
  lake: string;
  /** Default: `sql` below the root; the environment's `DUCKSTEP_SQL_DIR` comes first. */
  sqlDir?: string;
  /** Replaces the configuration from the environment. */
  config?: Config;
  /** Replaces the steps, by the names of their states. */
  steps?: Readonly<Record<string, Step>>;
}

/** A lake in a folder, and an engine that runs the deployed state machine over it. */
export interface Workspace {
  lakeFolder: string;
  lake: LocalLake;
  config: Config;
  engine: Engine;
}

/**
 * The door for programs that need the parts of a laptop's pipeline, as benchmarks do. Others call `openPipeline`.
 *
 * @throws ConfigurationError when an environment variable or the state machine cannot be used
 */
export const openWorkspace = (options: WorkspaceOptions): Workspace => {
  const { root, env, sqlDir = path.join(root, 'sql'), steps = STEPS } = options;
  const lakeFolder = path.resolve(options.lake);
  const lake = openLake(lakeFolder);
  const config = options.config ?? configFromEnv(env, { sqlDir });
  const definition = loadStateMachine(path.join(root, 'statemachines/pipeline.asl.yml'));
  return { lakeFolder, lake, config, engine: new Engine({ lakeFolder, lake, config, definition, steps }) };
};
