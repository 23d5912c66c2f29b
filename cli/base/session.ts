import { openPipeline } from '../../operate/open/open-pipeline.ts';
import type { Pipeline } from '../../operate/pipeline.ts';
import type { Terminal } from '../render/terminal.ts';

/** Documented in the help of every command. */
export const EXIT = { ok: 0, failed: 1, quarantined: 2, usage: 64 } as const;

/** One call of the program. */
export interface Session {
  /** The project's folder: contracts, samples and the state machine lie below it. */
  root: string;
  env: NodeJS.ProcessEnv;
  terminal: Terminal;
  /** The exit code of the process. */
  exitCode: number;
}

/** The options that say which pipeline a command works on. */
export interface PipelineOptions {
  lake: string;
  stage?: string;
}

/** Opens the pipeline that the options name. */
export const pipelineOf = ({ root, env }: Session, { lake, stage }: PipelineOptions): Promise<Pipeline> =>
  openPipeline({ root, env, lake, stage });
