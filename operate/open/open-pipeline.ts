import { LocalPipeline } from '../local/local-pipeline.ts';
import type { Pipeline } from '../pipeline.ts';

export interface OpenOptions {
  /** The project's folder: the datasets (`sql/`) and the state machine lie below it. */
  root: string;
  env: NodeJS.ProcessEnv;
  /** The folder of the lake on this machine; it need not exist yet. Not used with a stage. */
  lake: string;
  /** A deployed stage, in the account and the region of the environment. Default: the lake on this machine. */
  stage?: string | undefined;
}

/**
 * Opens the pipeline of a stage on AWS, or of a lake on this machine. Only a stage loads the AWS SDK: commands on a
 * laptop start faster without it.
 *
 * @throws ConfigurationError when an environment variable or the state machine cannot be used
 */
export const openPipeline = async ({ stage, ...options }: OpenOptions): Promise<Pipeline> => {
  if (stage === undefined) return new LocalPipeline(options);
  const { AwsPipeline } = await import('../aws/aws-pipeline.ts');
  return new AwsPipeline({ ...options, stage });
};

/** Opens the pipeline of a lake on this machine, which can also be watched. See `openPipeline`. */
export const openLocalPipeline = (options: Omit<OpenOptions, 'stage'>): LocalPipeline =>
  new LocalPipeline(options);
