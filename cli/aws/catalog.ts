import { type Catalog, lazyCatalog } from '../../shared/catalog/catalog.ts';

/** The stage's databases in the Glue Data Catalog, by the names that serverless/catalog.yml gives them. */
export const stageCatalog = (stage: string): Catalog => {
  const database = (zone: string): string => `duckstep-${stage}-${zone}`.replaceAll('-', '_');
  return lazyCatalog(async () => {
    const { glueCatalog, glueClient } = await import('../../shared/catalog/glue-catalog.ts');
    return glueCatalog(glueClient(), { silver: database('silver'), gold: database('gold') });
  });
};
