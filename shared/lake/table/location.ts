import { TableDamaged } from '../../errors.ts';
import type { TableMetadata } from '../iceberg/types.ts';
import { lakePaths } from '../paths.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/**
 * Where a table lies. Inside an Iceberg table files are named by whole URIs below the table's location; the store
 * knows keys. A table keeps the location that it was created with: a folder that is moved still opens here, though
 * other engines look for its files where they were.
 */
export class Location {
  /** As the table's metadata says it. */
  readonly uri: string;
  readonly #folder: string;

  /** @param folder the table's folder in its zone, without a slash at the end */
  constructor(uri: string, folder: string) {
    this.uri = uri;
    this.#folder = folder;
  }

  /** Throws `TableDamaged` for a key outside the table's folder. */
  uriOf(key: string): string {
    if (!key.startsWith(`${this.#folder}/`))
      throw new TableDamaged(`${key} is not below ${this.#folder}: a table's files lie in its folder.`);
    return this.uri + key.slice(this.#folder.length);
  }

  /** Throws `TableDamaged` for a file outside the table's location. */
  keyOf(uri: string): string {
    if (!uri.startsWith(`${this.uri}/`))
      throw new TableDamaged(
        `${uri} is not below ${this.uri}: the table names a file that is not its own. It was changed by another program; restore its newest metadata file.`,
      );
    return this.#folder + uri.slice(this.uri.length);
  }
}

/** Where a table lies: where it was created, or, before its first commit, will be. */
export const locationOf = (
  store: Pick<ObjectStore, 'uri'>,
  table: string,
  metadata: Pick<TableMetadata, 'location'> | undefined,
): Location => {
  const folder = lakePaths.table(table);
  return new Location(metadata?.location ?? `${store.uri}${folder}`, folder);
};
