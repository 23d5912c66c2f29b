/** The region of a stage, by the same variables as for `sls deploy`. The region of an AWS profile does not count there. */
export const regionOf = (env: NodeJS.ProcessEnv): string =>
  env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
