import { currentSchema } from '../iceberg/metadata.ts';
import type { MetadataVersion } from '../table/commit/table.ts';
import type { Catalog, CatalogTable } from './catalog.ts';

/**
 * Points the catalog at a table's version. Does nothing without a catalog, or before the table's first commit. A commit
 * is valid without it: if it fails, the next commit's call brings the catalog up to date.
 *
 * @throws as `Catalog.point`
 */
export const pointTable = async (
  catalog: Catalog | undefined,
  { zone, name, description }: Pick<CatalogTable, 'zone' | 'name'> & { description?: string | undefined },
  version: MetadataVersion | undefined,
): Promise<void> => {
  if (catalog === undefined || version === undefined) return;
  const { metadata, file } = version;
  await catalog.point({
    zone,
    name,
    ...(description !== undefined && { description }),
    location: metadata.location,
    metadataLocation: file,
    metadataVersion: version.version,
    uuid: metadata['table-uuid'],
    schema: currentSchema(metadata),
  });
};
