import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { ConfigurationError } from '../errors.ts';
import { type Catalog, lazyCatalog } from '../lake/catalog/catalog.ts';
import { type Lake, ZONES, type Zone } from '../lake/paths.ts';
import { S3Store } from '../lake/storage/s3-store.ts';
import { configFromEnv } from './config.ts';
import type { StepContext } from './step.ts';

/** Name of the variable that holds a zone's bucket. */
export const bucketVariable = (zone: Zone): string => `${zone.toUpperCase()}_BUCKET`;

const Buckets = z.object(Object.fromEntries(ZONES.map((zone) => [bucketVariable(zone), z.string().min(3)])));

/** Name of the variable that holds a catalog database. */
export const databaseVariable = (zone: 'silver' | 'gold'): string =>
  `DUCKSTEP_${zone.toUpperCase()}_DATABASE`;

/** Where Lambda unpacks a function's zip. */
const TASK_ROOT = '/var/task';

/** S3 normally answers within milliseconds. These limits make the SDK retry before the function's time is up. */
const TIMEOUTS = { connectionTimeout: 5_000, socketTimeout: 60_000 };

/** S3 client of the steps. Six attempts last until a bucket has split its partitions under load. */
export const s3Client = (): S3Client => new S3Client({ maxAttempts: 6, requestHandler: TIMEOUTS });

/**
 * The context of a step in Lambda: the lake in four buckets, and the configuration.
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

/** The Glue Data Catalog, if its databases are set. The first commit loads its SDK. */
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
