/**
 * The region that commands with `--stage` work in: the one that `sls deploy` takes too. A profile's region is not
 * asked for, or it would be another one than what was deployed to.
 */
export const regionOf = (env: NodeJS.ProcessEnv): string =>
  env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
