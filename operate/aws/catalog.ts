import { type Catalog, lazyCatalog } from '../../shared/lake/catalog/catalog.ts';
import { regionOf } from './region.ts';

/** The stage's databases in the Glue Data Catalog, by the names that serverless/catalog.yml gives them. */
export const stageCatalog = (stage: string, env: NodeJS.ProcessEnv): Catalog => {
  const database = (zone: string): string => `duckstep-${stage}-${zone}`.replaceAll('-', '_');
  return lazyCatalog(async () => {
    const { glueCatalog, glueClient } = await import('../../shared/lake/catalog/glue-catalog.ts');
    return glueCatalog(glueClient(regionOf(env)), { silver: database('silver'), gold: database('gold') });
  });
};
