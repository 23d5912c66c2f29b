import { StorageUnavailable } from '../../../errors.ts';
import { parseMetadata, snapshotById } from '../../iceberg/metadata.ts';
import type { TableMetadata } from '../../iceberg/types.ts';
import { lakePaths } from '../../paths.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { locationOf } from '../location.ts';
import { Snapshot } from '../read/snapshot.ts';
import type { Base } from './next-version.ts';

/** A version of the table's metadata, as it is stored. */
export interface MetadataVersion extends Base {
  version: number;
}

/**
 * The metadata files of one table: `v1.metadata.json`, `v2.metadata.json` … The names have no gaps from the oldest
 * that is kept, so the newest is found by counting up from any that exists.
 */
export class MetadataFiles {
  readonly #store: ObjectStore;
  readonly #table: string;

  constructor(store: ObjectStore, table: string) {
    this.#store = store;
    this.#table = table;
  }

  /**
   * The newest version; undefined before the first commit.
   *
   * @param known a version that was read or written moments ago: if it still is the newest, this takes one request
   * @throws TableDamaged when the metadata is broken
   */
  async newest(known?: MetadataVersion): Promise<MetadataVersion | undefined> {
    if (known !== undefined) return (await this.#newestFrom(known.version, known)) ?? (await this.newest());
    return (await this.look()).newest;
  }

  /**
   * The newest version, and the one that the hint names.
   *
   * @throws TableDamaged when the metadata is broken
   */
  async look(): Promise<{ newest: MetadataVersion | undefined; hinted: number | undefined }> {
    const hinted = await this.#hint();
    const found = hinted === undefined ? undefined : await this.#newestFrom(hinted);
    if (found) return { newest: found, hinted };
    const listed = await this.#newestListed();
    return { newest: listed === undefined ? undefined : await this.read(listed), hinted };
  }

  /**
   * One version; undefined if its file does not exist.
   *
   * @throws TableDamaged when the metadata is broken
   */
  async read(version: number): Promise<MetadataVersion | undefined> {
    const key = this.#key(version);
    const body = await this.#store.read(key);
    return body && this.of(version, parseMetadata(body.toString(), `${this.#store.name}/${key}`));
  }

  async exists(version: number): Promise<boolean> {
    return (await this.#store.head(this.#key(version))) !== undefined;
  }

  /** False if the version is taken. */
  async create(version: number, metadata: TableMetadata): Promise<boolean> {
    return await this.#store.writeIfAbsent(this.#key(version), JSON.stringify(metadata));
  }

  /** @param written bodies of files that the version's writer has just written, by URI, so that they are not fetched */
  of(version: number, metadata: TableMetadata, written?: ReadonlyMap<string, Buffer>): MetadataVersion {
    const location = locationOf(this.#store, this.#table, metadata);
    const current = metadata['current-snapshot-id'];
    const entry = current === null ? undefined : snapshotById(metadata, current);
    const files = { store: this.#store, location, ...(written && { written }) };
    const snapshot = entry && new Snapshot(this.#table, metadata, entry, files);
    return { version, metadata, file: location.uriOf(this.#key(version)), snapshot };
  }

  /** Notes the newest version. Failing is harmless: the hint saves requests and decides nothing. */
  async writeHint(version: number): Promise<void> {
    try {
      await this.#store.write(this.#hintKey(), String(version));
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error;
    }
  }

  /** A version near the newest; undefined if the hint is missing or is not a number. */
  async #hint(): Promise<number | undefined> {
    const text = (await this.#store.read(this.#hintKey()))?.toString() ?? '';
    return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
  }

  /** Counts up from a version that should exist; undefined if it does not. */
  async #newestFrom(version: number, known?: MetadataVersion): Promise<MetadataVersion | undefined> {
    let newest = version;
    while (await this.exists(newest + 1)) newest += 1;
    return newest === known?.version ? known : this.read(newest);
  }

  async #newestListed(): Promise<number | undefined> {
    let newest: number | undefined;
    for await (const { key } of this.#store.list(lakePaths.metadata(this.#table, 'v'))) {
      const version = Number(/\/v(\d+)\.metadata\.json$/.exec(key)?.[1] ?? 0);
      if (version > (newest ?? 0)) newest = version;
    }
    return newest;
  }

  #key(version: number): string {
    return lakePaths.metadata(this.#table, `v${version}.metadata.json`);
  }

  #hintKey(): string {
    return lakePaths.metadata(this.#table, 'version-hint.text');
  }
}
