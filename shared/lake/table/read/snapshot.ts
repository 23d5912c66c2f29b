import { inParallel } from '../../../base/in-parallel.ts';
import { ObjectMissing } from '../../../errors.ts';
import { readManifest } from '../../iceberg/manifest.ts';
import { readManifestList } from '../../iceberg/manifest-list.ts';
import { currentSchema } from '../../iceberg/metadata.ts';
import type {
  ManifestEntry,
  ManifestFile,
  PartitionSpec,
  Schema,
  SnapshotEntry,
  TableMetadata,
} from '../../iceberg/types.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { DataFile } from '../data-file.ts';
import type { Location } from '../location.ts';
import { namedPartition, type Partition, partitionNames } from '../partition-names.ts';
import { type ColumnIds, columnIdsIn, SUMMARY, touchedIn } from '../properties.ts';
import { mayHold } from './manifest-pruning.ts';

/** A manifest of a snapshot, which is read at the first call of `entries` only. */
export interface LoadedManifest {
  file: ManifestFile;
  entries(): Promise<ManifestEntry[]>;
}

/** Where to read a snapshot's manifest list and manifests. */
export interface SnapshotFiles {
  store: ObjectStore;
  location: Location;
  /** Bodies that the writer of the snapshot still has, by URI. */
  written?: ReadonlyMap<string, Buffer>;
}

/** A table as it was after one commit. Its manifests are read when they are needed. */
export class Snapshot {
  readonly table: string;
  readonly metadata: TableMetadata;
  readonly entry: SnapshotEntry;
  readonly #store: ObjectStore;
  readonly #location: Location;
  readonly #written: ReadonlyMap<string, Buffer> | undefined;
  #manifests: Promise<LoadedManifest[]> | undefined;

  constructor(
    table: string,
    metadata: TableMetadata,
    entry: SnapshotEntry,
    { store, location, written }: SnapshotFiles,
  ) {
    this.table = table;
    this.metadata = metadata;
    this.entry = entry;
    this.#store = store;
    this.#location = location;
    this.#written = written;
  }

  /** Iceberg's sequence number: counts the table's commits, from 1. */
  get version(): number {
    return this.entry['sequence-number'];
  }

  get id(): number {
    return this.entry['snapshot-id'];
  }

  get committedAt(): string {
    return new Date(this.entry['timestamp-ms']).toISOString();
  }

  get runId(): string {
    return this.entry.summary[SUMMARY.runId] ?? '';
  }

  /** `append`, `replace source`, `compact` …; the summary also has Iceberg's own term. */
  get operation(): string {
    return this.entry.summary[SUMMARY.title] ?? this.entry.summary.operation;
  }

  /** The summary: Iceberg's counts, and the writer's properties. */
  get properties(): Readonly<Record<string, string>> {
    return this.entry.summary;
  }

  /** The partitions whose rows this commit changed. */
  get touched(): Partition[] | 'all' {
    return touchedIn(this.entry.summary);
  }

  /** The columns as they were at this commit. */
  get schema(): Schema {
    const { schemas } = this.metadata;
    const id = this.entry['schema-id'] ?? this.metadata['current-schema-id'];
    const found = schemas.find((schema) => schema['schema-id'] === id) ?? schemas.at(-1);
    if (found === undefined) throw new ObjectMissing(`Table ${this.table} has lost schema ${id}.`);
    return found;
  }

  /** The fields of the contract's columns in the newest metadata. */
  get columnIds(): ColumnIds {
    return columnIdsIn(this.metadata.properties);
  }

  /** This snapshot and the earlier ones that the table still has, the newest first. */
  get history(): Snapshot[] {
    return this.metadata.snapshots
      .filter((entry) => entry['sequence-number'] <= this.version)
      .toSorted((a, b) => b['sequence-number'] - a['sequence-number'])
      .map((entry) => (entry === this.entry ? this : this.#of(entry)));
  }

  uriOf(key: string): string {
    return this.#location.uriOf(key);
  }

  /** Names of the partition fields, one list for each spec that files of this snapshot use. */
  async partitionings(): Promise<string[][]> {
    const specs = new Set((await this.manifests()).map(({ file }) => file.specId));
    return [...specs].map((specId) => this.#names(specId));
  }

  /** All manifests, of data files and of position deletes. Takes one request, and one more for each manifest's entries. */
  manifests(): Promise<LoadedManifest[]> {
    this.#manifests ??= this.#loadManifests();
    return this.#manifests;
  }

  /** The manifests that may list files of one of these partitions. Default: all. */
  async manifestsOf(partitions?: readonly Partition[]): Promise<LoadedManifest[]> {
    const manifests = await this.manifests();
    return manifests.filter(
      ({ file }) => partitions === undefined || partitions.some((each) => this.#mayHold(file, each)),
    );
  }

  /**
   * The data files, with their position deletes. Manifests without any of the wanted partitions are not read.
   *
   * @param partitions only files that may have rows of one of these. Default: all files
   * @param readable excludes further manifests
   */
  async files(
    partitions?: readonly Partition[],
    readable: (manifest: ManifestFile) => boolean = () => true,
  ): Promise<DataFile[]> {
    const manifests = (await this.manifestsOf(partitions)).filter(({ file }) => readable(file));
    const read = await inParallel(manifests, async (manifest) => await manifest.entries());
    const live = read.flat().filter(({ status }) => status !== 'deleted');
    const deletesByPath = new Map(
      live.flatMap(({ file }) =>
        file.referencedDataFile === undefined
          ? []
          : [
              [
                file.referencedDataFile,
                { key: this.#location.keyOf(file.path), rows: file.rows, bytes: file.bytes },
              ],
            ],
      ),
    );
    const names = new Map(manifests.map(({ file }) => [file.specId, this.#names(file.specId)]));
    const files = live
      .filter(({ file }) => file.content === 'data')
      .map(({ file }): DataFile => {
        const deletes = deletesByPath.get(file.path);
        return {
          key: this.#location.keyOf(file.path),
          specId: file.specId,
          partition: namedPartition(names.get(file.specId) ?? [], file.partition),
          rows: file.rows,
          bytes: file.bytes,
          columns: file.columns,
          ...(deletes !== undefined && { deletes }),
        };
      });
    return partitions === undefined
      ? files
      : files.filter(({ partition }) => partitions.some((each) => agree(partition, each)));
  }

  async #loadManifests(): Promise<LoadedManifest[]> {
    const body = await this.#read(this.entry['manifest-list']);
    const specs = this.metadata['partition-specs'];
    const files = await readManifestList(body, specs, this.schema);
    return files.map((file) => {
      let entries: Promise<ManifestEntry[]> | undefined;
      return {
        file,
        entries: () => {
          entries ??= this.#read(file.path).then((bytes) => readManifest(bytes, file));
          return entries;
        },
      };
    });
  }

  async #read(uri: string): Promise<Buffer> {
    const key = this.#location.keyOf(uri);
    const body = this.#written?.get(uri) ?? (await this.#store.read(key));
    if (body === undefined)
      throw new ObjectMissing(
        `${this.#store.name}/${key} is gone, and snapshot ${this.id} of ${this.table} needs it. Restore the object.`,
      );
    return body;
  }

  #of(entry: SnapshotEntry): Snapshot {
    return new Snapshot(this.table, this.metadata, entry, { store: this.#store, location: this.#location });
  }

  #names(specId: number): string[] {
    return partitionNames(this.#spec(specId), currentSchema(this.metadata));
  }

  #spec(specId: number): PartitionSpec {
    const spec = this.metadata['partition-specs'].find((each) => each['spec-id'] === specId);
    if (spec === undefined) throw new ObjectMissing(`Table ${this.table} has lost partition spec ${specId}.`);
    return spec;
  }

  #mayHold(manifest: ManifestFile, partition: Partition): boolean {
    return mayHold(manifest, this.#spec(manifest.specId), currentSchema(this.metadata), partition);
  }
}

/** Whether a file may have rows of a partition. Fields that the file's own spec lacks exclude nothing. */
const agree = (file: Partition, wanted: Partition): boolean =>
  Object.entries(wanted).every(([name, value]) => file[name] === undefined || file[name] === value);
