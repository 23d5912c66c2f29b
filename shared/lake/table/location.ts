import { TableDamaged } from '../../errors.ts';
import type { TableMetadata } from '../iceberg/types.ts';
import { lakePaths } from '../paths.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/**
 * A table's location. An Iceberg table names its files by whole URIs below its location, and the store by keys. A table
 * keeps the location that it was created with: duckstep can still open a folder that was moved, but other engines look
 * for its files at the old place.
 */
export class Location {
  /** The metadata's `location`. */
  readonly uri: string;
  readonly #folder: string;

  /** @param folder the table's folder in its zone, without a slash at the end */
  constructor(uri: string, folder: string) {
    this.uri = uri;
    this.#folder = folder;
  }

  /** @throws TableDamaged when the key is outside the table's folder */
  uriOf(key: string): string {
    if (!key.startsWith(`${this.#folder}/`))
      throw new TableDamaged(`${key} is not below ${this.#folder}: a table's files must be in its folder.`);
    return this.uri + key.slice(this.#folder.length);
  }

  /** @throws TableDamaged when the file is outside the table's location */
  keyOf(uri: string): string {
    if (!uri.startsWith(`${this.uri}/`))
      throw new TableDamaged(
        `${uri} is not below ${this.uri}: the table names a file that is not its own. It was changed by another program; restore its newest metadata file.`,
      );
    return this.#folder + uri.slice(this.uri.length);
  }
}

/** The location where a table was created, or, before its first commit, will be created. */
export const locationOf = (
  store: Pick<ObjectStore, 'uri'>,
  table: string,
  metadata: Pick<TableMetadata, 'location'> | undefined,
): Location => {
  const folder = lakePaths.table(table);
  return new Location(metadata?.location ?? `${store.uri}${folder}`, folder);
};
