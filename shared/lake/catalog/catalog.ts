import type { Schema } from '../iceberg/types.ts';

/** A committed version of a table, as a catalog describes it. */
export interface CatalogTable {
  zone: 'silver' | 'gold';
  name: string;
  /** URI of the table's folder: the metadata's `location`. */
  location: string;
  /** URI of the metadata file: `<location>/metadata/v<N>.metadata.json`. */
  metadataLocation: string;
  /** The `<N>` of `metadataLocation`. */
  metadataVersion: number;
  /** The metadata's `table-uuid`. If present, the catalog's entry of an earlier table at this location is replaced. */
  uuid?: string;
  /** The current schema, for people who look into the catalog. */
  schema: Schema;
  description?: string;
}

/** Where engines find tables by name. A table's metadata files decide what is committed; the catalog follows them. */
export interface Catalog {
  /**
   * Points the catalog's entry at the table's metadata file, unless it already points at the same or a newer one; makes
   * the entry if there is none. May be called any number of times, in any order, by several processes at once.
   *
   * @param onRequest called for every request to the catalog's service
   * @throws CatalogUnavailable, CommitConflict when a later attempt may succeed
   * @throws ConfigurationError when there is no database, or another table has the name
   */
  point(table: CatalogTable, onRequest?: () => void): Promise<void>;
}

/** The same catalog, which also counts the requests made through the returned object. */
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

/** A catalog that is opened for the first table, so that a process without a commit loads nothing. */
export const lazyCatalog = (open: () => Promise<Catalog>): Catalog => {
  let opened: Promise<Catalog> | undefined;
  return {
    point: async (table, onRequest) => {
      opened ??= open();
      await (await opened).point(table, onRequest);
    },
  };
};
