import { currentSchema } from '../iceberg/metadata.ts';
import type { MetadataVersion } from '../table/commit/table.ts';
import type { Catalog, CatalogTable } from './catalog.ts';

/**
 * Points the catalog at the newest version that is known of a table. Does nothing without a catalog, or before the
 * table's first commit. What is committed stands without it: whoever comes next mends what was not done.
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
