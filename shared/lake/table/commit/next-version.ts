import { randomInt, randomUUID } from 'node:crypto';
import { writeManifestList } from '../../iceberg/manifest-list.ts';
import {
  createMetadata,
  currentSchema,
  pruned,
  withMetadataLog,
  withoutSnapshots,
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
import { summaryOf } from './summary.ts';
import { specOf } from './table-schema.ts';

/** How many earlier metadata files a metadata file names. */
const MAX_LOGGED = 100;

export interface Base {
  metadata: TableMetadata;
  /** URI of the metadata file. */
  file: string;
  snapshot: Snapshot | undefined;
}

export interface Writer {
  location: Location;
  /** URI of a new file in the table's folder of metadata. */
  uriOf: (name: string) => string;
  write: (uri: string, body: Buffer) => Promise<void>;
  now: () => number;
  retention: Retention;
}

/**
 * Makes the table's next metadata of a draft: writes its manifests and their list, which nobody sees before the
 * metadata itself is committed.
 */
export const nextVersion = async (
  base: Base | undefined,
  draft: Draft,
  writer: Writer,
): Promise<TableMetadata> => {
  const at = Math.max(writer.now(), base?.metadata['last-updated-ms'] ?? 0);
  const shaped = shape(base, draft, writer, at);
  const sequenceNumber = shaped['last-sequence-number'] + 1;
  // The specification wants a unique 64-bit integer; below 2^48 every program's numbers hold it.
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
  const list = [
    ...(await nextManifests({ ...common, content: 'data', ...files.data })),
    ...(await nextManifests({ ...common, content: 'deletes', ...files.deletes })),
  ];
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
      ...summaryOf(base?.snapshot?.properties, files),
    },
    'schema-id': schema['schema-id'],
  };
  return withRetention(withoutLostSpecs(withSnapshot(shaped, entry)), base, at, writer.retention);
};

/**
 * A table that is replaced may lose a column that its files were split by. Engines refuse a table with a partitioning
 * that its columns do not explain, so that goes as well, with the snapshots that may use it: all but the new one.
 */
const withoutLostSpecs = (metadata: TableMetadata): TableMetadata => {
  const specs = metadata['partition-specs'].filter((spec) => isKnown(spec, currentSchema(metadata)));
  if (specs.length === metadata['partition-specs'].length) return metadata;
  const all = new Set(metadata.snapshots.map((each) => each['snapshot-id']));
  const kept = withoutSnapshots(metadata, all);
  // Somebody else's branch or tag holds an older one: its partitioning stays.
  return kept.snapshots.length > 1 ? kept : { ...kept, 'partition-specs': specs };
};

/** Ids of the snapshots that the retention lets go. */
export const expiredIn = ({ snapshots }: TableMetadata, at: number, retention: Retention): number[] =>
  expired(
    snapshots.map((each) => ({ id: each['snapshot-id'], at: each['timestamp-ms'] })),
    at,
    retention,
  );

/** The same table without the snapshots that the retention lets go, and without what only they needed. */
export const withRetention = (
  metadata: TableMetadata,
  base: Base | undefined,
  at: number,
  retention: Retention,
): TableMetadata => {
  const kept = pruned(withoutSnapshots(metadata, new Set(expiredIn(metadata, at, retention))));
  return base === undefined
    ? kept
    : withMetadataLog(kept, { at: base.metadata['last-updated-ms'], file: base.file }, MAX_LOGGED);
};

/** Schema, partitioning and properties as the draft wants them; nothing of its files. */
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

/** @param before what gave the base's files their partitions' names: columns may be renamed since */
const filesOf = (
  draft: Draft,
  before: TableMetadata,
  metadata: TableMetadata,
  location: Location,
): { data: Changed; deletes: Changed } => {
  const added = draft.added.map((file) => ({ ...file, specId: metadata['default-spec-id'] }));
  const addedKeys = new Map(added.map((file) => [file.key, file]));
  const [namesBefore, namesNow] = [namesIn(before), namesIn(metadata)];
  const place = (file: DataFile): Pick<ContentFile, 'specId' | 'partition'> => {
    const names = (addedKeys.has(file.key) ? namesNow : namesBefore).get(file.specId) ?? [];
    return { specId: file.specId, partition: names.map((name) => file.partition[name] ?? null) };
  };
  const data = (file: DataFile): ContentFile => ({
    content: 'data',
    path: location.uriOf(file.key),
    ...place(file),
    rows: file.rows,
    bytes: file.bytes,
    columns: file.columns,
  });
  const deletesFile = (file: DataFile, deletes: PositionDeletes): ContentFile => {
    const path = location.uriOf(file.key);
    return {
      content: 'position-deletes',
      path: location.uriOf(deletes.key),
      ...place(file),
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

/** Names of each spec's fields. */
const namesIn = (metadata: TableMetadata): Map<number, string[]> =>
  new Map(
    metadata['partition-specs'].map((spec) => [
      spec['spec-id'],
      partitionNames(spec, currentSchema(metadata)),
    ]),
  );
