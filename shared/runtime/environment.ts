import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { ConfigurationError } from '../errors.ts';
import { type Catalog, lazyCatalog } from '../lake/catalog/catalog.ts';
import { type Lake, ZONES, type Zone } from '../lake/paths.ts';
import { S3Store } from '../lake/storage/s3-store.ts';
import { configFromEnv } from './config.ts';
import type { StepContext } from './step.ts';

/** The variable that names a zone's bucket. */
export const bucketVariable = (zone: Zone): string => `${zone.toUpperCase()}_BUCKET`;

const Buckets = z.object(Object.fromEntries(ZONES.map((zone) => [bucketVariable(zone), z.string().min(3)])));

/** The variables that name the catalog's databases. */
export const databaseVariable = (zone: 'silver' | 'gold'): string =>
  `DUCKSTEP_${zone.toUpperCase()}_DATABASE`;

/** Where Lambda unpacks a function's zip. */
const TASK_ROOT = '/var/task';

/** S3 answers within milliseconds or is in trouble: the SDK's retries take over before the function's time is up. */
const TIMEOUTS = { connectionTimeout: 5_000, socketTimeout: 60_000 };

/** The SDK's client as the steps need it: six attempts ride out a bucket that is still splitting its partitions. */
export const s3Client = (): S3Client => new S3Client({ maxAttempts: 6, requestHandler: TIMEOUTS });

/**
 * What a step is given in Lambda: the lake in four buckets, and the configuration.
 *
 * @throws ConfigurationError naming every variable that is missing or wrong
 */
export const contextFromEnv = (env: NodeJS.ProcessEnv, client: S3Client): StepContext => {
  const config = configFromEnv(env, { sqlDir: path.join(env.LAMBDA_TASK_ROOT ?? TASK_ROOT, 'sql') });
  const buckets = Buckets.safeParse(env);
  if (!buckets.success) {
    const wrong = buckets.error.issues.map((issue) => issue.path.join('.'));
    throw new ConfigurationError(
      `Environment variables must name the lake's buckets: ${wrong.join(', ')}. serverless.yml sets them; see docs/configuration.md.`,
    );
  }
  const stores = ZONES.map((zone) => [zone, new S3Store(client, buckets.data[bucketVariable(zone)] ?? '')]);
  const catalog = catalogFromEnv(env);
  return { config, lake: Object.fromEntries(stores) as Lake, ...(catalog && { catalog }) };
};

/** The Glue Data Catalog, where the databases are named; its SDK is loaded by the first table that is committed. */
const catalogFromEnv = (env: NodeJS.ProcessEnv): Catalog | undefined => {
  const [silver, gold] = [env[databaseVariable('silver')], env[databaseVariable('gold')]];
  if (!silver && !gold) return undefined;
  if (!silver || !gold)
    throw new ConfigurationError(
      `Environment variables must name both of the catalog's databases, or none: ${databaseVariable(silver ? 'gold' : 'silver')} is missing. serverless.yml sets them; see docs/configuration.md.`,
    );
  return lazyCatalog(async () => {
    const { glueCatalog, glueClient } = await import('../lake/catalog/glue-catalog.ts');
    return glueCatalog(glueClient(), { silver, gold });
  });
};
