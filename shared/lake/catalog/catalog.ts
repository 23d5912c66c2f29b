import type { Schema } from '../iceberg/types.ts';

/** A committed version of a table, as a catalog needs to know it. */
export interface CatalogTable {
  zone: 'silver' | 'gold';
  name: string;
  /** URI of the table's folder, as the metadata's `location` has it. */
  location: string;
  /** URI of the metadata file: `<location>/metadata/v<N>.metadata.json`. */
  metadataLocation: string;
  /** The `<N>` of it. */
  metadataVersion: number;
  /** The metadata's `table-uuid`. Where given, an entry for an earlier table at that place is taken over. */
  uuid?: string;
  /** The current schema, which people see in the catalog. */
  schema: Schema;
  description?: string;
}

/** Where engines find tables by name. It follows the tables: what is committed stands in their metadata files. */
export interface Catalog {
  /**
   * Points the catalog's entry at the table's metadata file, unless it already points at the same or a newer
   * one; makes the entry where there is none. May be called any number of times, in any order, by many at once.
   *
   * @param onRequest called for every request to the catalog's service
   * @throws CatalogUnavailable, CommitConflict when it may pass by itself; ConfigurationError when there is no
   *   database, or the name is taken by something else
   */
  point(table: CatalogTable, onRequest?: () => void): Promise<void>;
}

/** The same catalog, counting the requests that are made through it from now on. */
export const counted = (catalog: Catalog): Catalog & { requests(): number } => {
  let requests = 0;
  return {
    requests: () => requests,
    point: async (table, onRequest) =>
      await catalog.point(table, () => {
        requests += 1;
        onRequest?.();
      }),
  };
};

/** A catalog that is opened by the first table: who commits nothing loads nothing. */
export const lazyCatalog = (open: () => Promise<Catalog>): Catalog => {
  let opened: Promise<Catalog> | undefined;
  return {
    point: async (table, onRequest) => {
      opened ??= open();
      await (await opened).point(table, onRequest);
    },
  };
};
