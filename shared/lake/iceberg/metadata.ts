import { TableDamaged } from '../../errors.ts';
import { sameSchema } from './schema.ts';
import type { PartitionField, PartitionSpec, Schema, SnapshotEntry, TableMetadata } from './types.ts';

export { parseMetadata } from './metadata-schema.ts';

/** Pure functions from one version of a table's metadata to the next. Serialization is `JSON.stringify`. */

/** Partition fields are numbered from 1000 on. */
const BEFORE_FIRST_PARTITION_ID = 999;

/** The metadata of a table without a snapshot. `at` is in milliseconds since 1970. */
export const createMetadata = (input: {
  uuid: string;
  location: string;
  schema: Schema;
  lastColumnId: number;
  spec: PartitionSpec;
  properties: Record<string, string>;
  at: number;
}): TableMetadata => {
  const { uuid, location, schema, lastColumnId, spec, properties, at } = input;
  return {
    'format-version': 2,
    'table-uuid': uuid,
    location,
    'last-sequence-number': 0,
    'last-updated-ms': at,
    'last-column-id': lastColumnId,
    schemas: [schema],
    'current-schema-id': schema['schema-id'],
    'partition-specs': [spec],
    'default-spec-id': spec['spec-id'],
    'last-partition-id': Math.max(
      BEFORE_FIRST_PARTITION_ID,
      ...spec.fields.map((field) => field['field-id']),
    ),
    properties,
    'current-snapshot-id': null,
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    'default-sort-order-id': 0,
    refs: {},
  };
};

export const currentSchema = (metadata: TableMetadata): Schema => {
  return schemaById(metadata, metadata['current-schema-id']);
};

const schemaById = (metadata: TableMetadata, id: number): Schema => {
  const schema = metadata.schemas.find((entry) => entry['schema-id'] === id);
  if (schema === undefined) throw missing(metadata, `schema ${id}`);
  return schema;
};

export const defaultSpec = (metadata: TableMetadata): PartitionSpec => {
  const id = metadata['default-spec-id'];
  const spec = metadata['partition-specs'].find((entry) => entry['spec-id'] === id);
  if (spec === undefined) throw missing(metadata, `partition spec ${id}`);
  return spec;
};

export const snapshotById = (metadata: TableMetadata, id: number): SnapshotEntry | undefined => {
  return metadata.snapshots.find((snapshot) => snapshot['snapshot-id'] === id);
};

const missing = (metadata: TableMetadata, what: string) =>
  new TableDamaged(
    `The table at ${metadata.location} has no ${what}. Its metadata is broken: restore an earlier version.`,
  );

/** Makes the schema current, with the id of an equal schema or else a new id. The schema's own id is ignored. */
export const withSchema = (metadata: TableMetadata, schema: Schema, lastColumnId: number): TableMetadata => {
  const same = metadata.schemas.find((known) => sameSchema(known, schema));
  const id = same?.['schema-id'] ?? 1 + Math.max(-1, ...metadata.schemas.map((known) => known['schema-id']));
  return {
    ...metadata,
    'last-column-id': Math.max(metadata['last-column-id'], lastColumnId),
    schemas: same ? metadata.schemas : [...metadata.schemas, { ...schema, 'schema-id': id }],
    'current-schema-id': id,
  };
};

/**
 * Makes a partition spec of these fields the default: an equal one of the table, or a new one. A field that an earlier spec
 * has (same source and transform) keeps its id ("Partitioning").
 *
 * @throws TableDamaged when two fields are equal or have the same name
 */
export const withSpec = (
  metadata: TableMetadata,
  fields: readonly Pick<PartitionField, 'source-id' | 'transform' | 'name'>[],
): TableMetadata => {
  for (const same of [kind, (field: { name: string }) => field.name]) {
    const twice = fields.find((field, at) => fields.findIndex((other) => same(other) === same(field)) !== at);
    if (twice === undefined) continue;
    throw new TableDamaged(
      `The table at ${metadata.location} cannot be partitioned by "${twice.name}" twice. Name each partition field once.`,
    );
  }
  const specs = metadata['partition-specs'];
  const same = specs.find(
    (spec) =>
      spec.fields.length === fields.length &&
      spec.fields.every((field, at) => kind(field) === kind(fields[at]) && field.name === fields[at]?.name),
  );
  if (same) return { ...metadata, 'default-spec-id': same['spec-id'] };

  const known = new Map(
    specs.flatMap((spec) => spec.fields.map((field) => [kind(field), field['field-id']])),
  );
  let last = metadata['last-partition-id'];
  const id = 1 + Math.max(-1, ...specs.map((spec) => spec['spec-id']));
  const spec: PartitionSpec = {
    'spec-id': id,
    fields: fields.map((field) => ({ ...field, 'field-id': known.get(kind(field)) ?? ++last })),
  };
  return {
    ...metadata,
    'partition-specs': [...specs, spec],
    'default-spec-id': id,
    'last-partition-id': last,
  };
};

/** Identifies how a partition field splits rows, regardless of its name. */
export const kind = (field?: Pick<PartitionField, 'source-id' | 'transform'>) =>
  `${field?.['source-id']} ${field?.transform}`;

/** Sets the given properties, and removes those that are undefined. */
export const withProperties = (
  metadata: TableMetadata,
  properties: Record<string, string | undefined>,
): TableMetadata => {
  const merged = Object.entries({ ...metadata.properties, ...properties });
  const kept = merged.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...metadata, properties: Object.fromEntries(kept) };
};

/**
 * Makes a snapshot the newest of `main`. If a clock went backwards, the snapshot gets the time of the table's last one,
 * because engines search the snapshot log as a sorted list.
 *
 * @throws TableDamaged when the snapshot's id is taken, or its sequence number is not above the table's last
 */
export const withSnapshot = (metadata: TableMetadata, snapshot: SnapshotEntry): TableMetadata => {
  const id = snapshot['snapshot-id'];
  const sequence = snapshot['sequence-number'];
  if (snapshotById(metadata, id) !== undefined || sequence <= metadata['last-sequence-number']) {
    throw new TableDamaged(
      `The table at ${metadata.location} cannot take snapshot ${id} of sequence number ${sequence}: ` +
        `it is at ${metadata['last-sequence-number']}. Make the snapshot again from the table's current version.`,
    );
  }
  const at = Math.max(snapshot['timestamp-ms'], metadata['last-updated-ms']);
  return {
    ...metadata,
    'last-sequence-number': sequence,
    'last-updated-ms': at,
    'current-snapshot-id': id,
    snapshots: [...metadata.snapshots, { ...snapshot, 'timestamp-ms': at }],
    'snapshot-log': [...metadata['snapshot-log'], { 'timestamp-ms': at, 'snapshot-id': id }],
    // The branch's other settings stay, such as how long to keep its snapshots.
    refs: { ...metadata.refs, main: { ...metadata.refs.main, 'snapshot-id': id, type: 'branch' } },
  };
};

/**
 * Expires snapshots, except for the current one and those that a branch or tag names. The snapshot log loses the last entry
 * of an expired snapshot and all entries before it: with a gap, it would give a wrong snapshot for the times in between.
 */
export const withoutSnapshots = (metadata: TableMetadata, ids: ReadonlySet<number>): TableMetadata => {
  const held = new Set(Object.values(metadata.refs).map((ref) => ref['snapshot-id']));
  const current = metadata['current-snapshot-id'];
  const stays = (id: number) => !ids.has(id) || id === current || held.has(id);
  const log = metadata['snapshot-log'];
  const keep = <T extends { 'snapshot-id': number }>(entries: T[]) =>
    entries.filter((entry) => stays(entry['snapshot-id']));
  return {
    ...metadata,
    ...statisticsOf(metadata, keep),
    snapshots: keep(metadata.snapshots),
    'snapshot-log': log.slice(1 + log.findLastIndex((entry) => !stays(entry['snapshot-id']))),
  };
};

/** The lists of statistics files, without those of expired snapshots. Other engines write them; our type lacks them. */
const statisticsOf = (
  metadata: object,
  keep: (entries: { 'snapshot-id': number }[]) => { 'snapshot-id': number }[],
): object => {
  const lists = Object.entries(metadata).filter(
    ([key, value]) => ['statistics', 'partition-statistics'].includes(key) && Array.isArray(value),
  );
  return Object.fromEntries(lists.map(([key, value]) => [key, keep(value)]));
};

/** Adds the previous version's file to the metadata log, which keeps the newest `max` files. */
export const withMetadataLog = (
  metadata: TableMetadata,
  previous: { at: number; file: string },
  max: number,
): TableMetadata => {
  const log = [...metadata['metadata-log'], { 'timestamp-ms': previous.at, 'metadata-file': previous.file }];
  return { ...metadata, 'metadata-log': log.slice(Math.max(0, log.length - max)) };
};

/** Drops schemas that are neither current nor used by a snapshot. Partition specs stay, since manifests name them. */
export const withoutUnusedSchemas = (metadata: TableMetadata): TableMetadata => {
  const used = new Set(metadata.snapshots.map((snapshot) => snapshot['schema-id']));
  used.add(metadata['current-schema-id']);
  return { ...metadata, schemas: metadata.schemas.filter((schema) => used.has(schema['schema-id'])) };
};
