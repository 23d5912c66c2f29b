import { randomInt, randomUUID } from 'node:crypto';
import { writeManifestList } from '../../iceberg/manifest-list.ts';
import {
  createMetadata,
  currentSchema,
  withMetadataLog,
  withoutSnapshots,
  withoutUnusedSchemas,
  withProperties,
  withSchema,
  withSnapshot,
  withSpec,
} from '../../iceberg/metadata.ts';
import type { ContentFile, SnapshotEntry, TableMetadata } from '../../iceberg/types.ts';
import type { DataFile, PositionDeletes } from '../data-file.ts';
import type { Draft } from '../draft.ts';
import type { Location } from '../location.ts';
import { isKnown, partitionNames } from '../partition-names.ts';
import { FILE_PATH } from '../position-deletes.ts';
import { columnIdProperties, SUMMARY, touchedProperty } from '../properties.ts';
import type { Snapshot } from '../read/snapshot.ts';
import { nextManifests } from './next-manifests.ts';
import { expired, type Retention } from './retention.ts';
import { summaryOf, totalsOf } from './summary.ts';
import { specOf } from './table-schema.ts';

/** Earlier metadata files that a metadata file names. */
const MAX_LOGGED = 100;

export interface Base {
  metadata: TableMetadata;
  /** URI of the metadata file. */
  file: string;
  snapshot: Snapshot | undefined;
}

export interface Writer {
  location: Location;
  /** URI of a new file in the table's metadata folder. */
  uriOf: (name: string) => string;
  write: (uri: string, body: Buffer) => Promise<void>;
  /** Milliseconds since 1970. */
  now: () => number;
  retention: Retention;
}

/**
 * Makes the table's next metadata from a draft. Writes its manifests and their list, which no reader sees before the
 * metadata is committed.
 */
export const nextVersion = async (
  base: Base | undefined,
  draft: Draft,
  writer: Writer,
): Promise<TableMetadata> => {
  const at = Math.max(writer.now(), base?.metadata['last-updated-ms'] ?? 0);
  const shaped = shape(base, draft, writer, at);
  // A snapshot's number is above those of its manifests, and a restored snapshot may be of a copy that went on by itself.
  const sequenceNumber = Math.max(shaped['last-sequence-number'], draft.restored?.version ?? 0) + 1;
  // The specification requires a unique 64-bit integer. Below 2^48 it is exact in every program's numbers.
  const snapshotId = randomInt(1, 2 ** 48 - 1);
  const files = filesOf(draft, base?.metadata ?? shaped, shaped, writer.location);
  const manifests = (await base?.snapshot?.manifests()) ?? [];
  const { 'partition-specs': specs } = shaped;
  const schema = currentSchema(shaped);
  const common = {
    base: manifests,
    snapshotId,
    sequenceNumber,
    schema,
    specs,
    uriOf: writer.uriOf,
    write: writer.write,
  };
  const list =
    draft.restored === undefined
      ? [
          ...(await nextManifests({ ...common, content: 'data', ...files.data })),
          ...(await nextManifests({ ...common, content: 'deletes', ...files.deletes })),
        ]
      : (await draft.restored.manifests()).map(({ file }) => file);
  const parent = base?.snapshot?.id;
  const listUri = writer.uriOf(`snap-${snapshotId}-${randomUUID()}.avro`);
  await writer.write(
    listUri,
    await writeManifestList({
      snapshotId,
      ...(parent !== undefined && { parentSnapshotId: parent }),
      sequenceNumber,
      manifests: list,
      specs,
      schema,
    }),
  );
  const entry: SnapshotEntry = {
    'snapshot-id': snapshotId,
    ...(parent !== undefined && { 'parent-snapshot-id': parent }),
    'sequence-number': sequenceNumber,
    'timestamp-ms': at,
    'manifest-list': listUri,
    summary: {
      operation: draft.operation,
      [SUMMARY.runId]: draft.runId,
      [SUMMARY.title]: draft.title,
      ...touchedProperty(draft.touched),
      ...draft.properties,
      ...(draft.restored === undefined
        ? summaryOf(base?.snapshot?.properties, files)
        : totalsOf(draft.restored.properties)),
    },
    'schema-id': schema['schema-id'],
  };
  return withRetention(withoutLostSpecs(withSnapshot(shaped, entry)), base, at, writer.retention);
};

/**
 * Removes partition specs whose columns are gone. A table that is replaced may lose a column that its files were
 * partitioned by, and engines reject a table with such a spec. All snapshots but the new one may use it, so they expire.
 */
const withoutLostSpecs = (metadata: TableMetadata): TableMetadata => {
  const specs = metadata['partition-specs'].filter((spec) => isKnown(spec, currentSchema(metadata)));
  if (specs.length === metadata['partition-specs'].length) return metadata;
  const all = new Set(metadata.snapshots.map((each) => each['snapshot-id']));
  const kept = withoutSnapshots(metadata, all);
  // A branch or tag of another program keeps an older snapshot, so its spec must stay.
  return kept.snapshots.length > 1 ? kept : { ...kept, 'partition-specs': specs };
};

/** Ids of the snapshots that the retention policy does not keep. */
export const expiredIn = ({ snapshots }: TableMetadata, at: number, retention: Retention): number[] =>
  expired(
    snapshots.map((each) => ({ id: each['snapshot-id'], at: each['timestamp-ms'] })),
    at,
    retention,
  );

/**
 * Expires the snapshots that the retention policy does not keep, and drops schemas that only they used. Adds the base's
 * file to the metadata log.
 */
export const withRetention = (
  metadata: TableMetadata,
  base: Base | undefined,
  at: number,
  retention: Retention,
): TableMetadata => {
  const kept = withoutUnusedSchemas(withoutSnapshots(metadata, new Set(expiredIn(metadata, at, retention))));
  return base === undefined
    ? kept
    : withMetadataLog(kept, { at: base.metadata['last-updated-ms'], file: base.file }, MAX_LOGGED);
};

/** The metadata with the draft's schema, partitioning and properties, but without its files. */
const shape = (base: Base | undefined, draft: Draft, { location }: Writer, at: number): TableMetadata => {
  const { schema, columnIds, lastColumnId } = draft.columns;
  const properties = { ...columnIdProperties(columnIds), ...draft.tableProperties };
  const metadata =
    base?.metadata ??
    createMetadata({
      uuid: randomUUID(),
      location: location.uri,
      schema,
      lastColumnId,
      spec: specOf(draft.partitionedBy),
      properties: {
        'write.format.default': 'parquet',
        'write.parquet.compression-codec': 'zstd',
        'write.delete.mode': 'merge-on-read',
        'write.update.mode': 'merge-on-read',
      },
      at,
    });
  return withProperties(
    withSpec(withSchema(metadata, schema, lastColumnId), [...draft.partitionedBy]),
    properties,
  );
};

interface Changed {
  added: ContentFile[];
  removed: ContentFile[];
}

/**
 * The files that a draft adds and removes, as manifests list them.
 *
 * @param before the base's metadata: its column names give the partitions of the base's files, and may have changed since
 */
const filesOf = (
  draft: Draft,
  before: TableMetadata,
  metadata: TableMetadata,
  location: Location,
): { data: Changed; deletes: Changed } => {
  const added = draft.added.map((file) => ({ ...file, specId: metadata['default-spec-id'] }));
  const addedKeys = new Map(added.map((file) => [file.key, file]));
  const [namesBefore, namesNow] = [namesIn(before), namesIn(metadata)];
  const partitionOf = (file: DataFile): Pick<ContentFile, 'specId' | 'partition'> => {
    const names = (addedKeys.has(file.key) ? namesNow : namesBefore).get(file.specId) ?? [];
    return { specId: file.specId, partition: names.map((name) => file.partition[name] ?? null) };
  };
  const data = (file: DataFile): ContentFile => ({
    content: 'data',
    path: location.uriOf(file.key),
    ...partitionOf(file),
    rows: file.rows,
    bytes: file.bytes,
    columns: file.columns,
  });
  const deletesFile = (file: DataFile, deletes: PositionDeletes): ContentFile => {
    const path = location.uriOf(file.key);
    return {
      content: 'position-deletes',
      path: location.uriOf(deletes.key),
      ...partitionOf(file),
      rows: deletes.rows,
      bytes: deletes.bytes,
      columns: { [FILE_PATH]: { lower: path, upper: path } },
      referencedDataFile: path,
    };
  };
  const deletesOf = (file: DataFile): ContentFile[] =>
    file.deletes === undefined ? [] : [deletesFile(file, file.deletes)];
  return {
    data: { added: added.map(data), removed: draft.removed.map(data) },
    deletes: {
      added: draft.changedDeletes.flatMap(({ file, deletes }) =>
        deletes === undefined ? [] : [deletesFile(addedKeys.get(file.key) ?? file, deletes)],
      ),
      removed: [...draft.removed, ...draft.changedDeletes.map(({ file }) => file)].flatMap(deletesOf),
    },
  };
};

/** Names of the fields of each spec, by the spec's id. */
const namesIn = (metadata: TableMetadata): Map<number, string[]> =>
  new Map(
    metadata['partition-specs'].map((spec) => [
      spec['spec-id'],
      partitionNames(spec, currentSchema(metadata)),
    ]),
  );
