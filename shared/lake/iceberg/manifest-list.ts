import { TableDamaged } from '../../errors.ts';
import { decodeAvro, encodeAvro, wholeNumber } from './avro-file.ts';
import { CONTENTS } from './manifest-record.ts';
import { MANIFEST_FILE_SCHEMA, nameOf } from './manifest-schema.ts';
import { partitionTypes, type Summaries } from './partition-summary.ts';
import { decodeValue, encodeValue } from './single-value.ts';
import type { ManifestFile, PartitionSpec, PrimitiveType, Schema } from './types.ts';

/** Manifest lists: one Avro file per snapshot that lists its manifests (Iceberg specification, "Manifest Lists"). */

/**
 * The bytes of a manifest list. `schema` gives the types of the specs' columns. A manifest gets no summaries if it is
 * partitioned by a column that `schema` lacks.
 *
 * @throws TableDamaged when a manifest's spec is not among `specs`
 */
export const writeManifestList = (input: {
  snapshotId: number;
  parentSnapshotId?: number;
  sequenceNumber: number;
  manifests: readonly ManifestFile[];
  specs: readonly PartitionSpec[];
  schema: Schema;
}): Promise<Buffer> => {
  const { snapshotId, parentSnapshotId, sequenceNumber, manifests } = input;
  const typesOf = bySpec(input.specs, input.schema);
  const records = manifests.map((manifest) => ({
    manifest_path: manifest.path,
    manifest_length: manifest.length,
    partition_spec_id: manifest.specId,
    content: CONTENTS.indexOf(manifest.content),
    sequence_number: manifest.sequenceNumber,
    min_sequence_number: manifest.minSequenceNumber,
    added_snapshot_id: manifest.addedSnapshotId,
    added_files_count: manifest.added.files,
    existing_files_count: manifest.existing.files,
    deleted_files_count: manifest.deleted.files,
    added_rows_count: manifest.added.rows,
    existing_rows_count: manifest.existing.rows,
    deleted_rows_count: manifest.deleted.rows,
    partitions: toSummaries(manifest.partitions, typesOf(manifest.specId, manifest.path)),
  }));
  return encodeAvro(MANIFEST_FILE_SCHEMA, records, {
    'snapshot-id': String(snapshotId),
    ...(parentSnapshotId !== undefined && { 'parent-snapshot-id': String(parentSnapshotId) }),
    'sequence-number': String(sequenceNumber),
    'format-version': '2',
  });
};

/** Null if a bound cannot be encoded: a summary without bounds would mean that all values are NULL (see `Summaries`). */
const toSummaries = (
  summaries: Summaries,
  types: readonly (PrimitiveType | undefined)[],
): object[] | null => {
  if (summaries.length !== types.length) return null;
  let isWhole = true;
  const bound = (text: string | undefined, type: PrimitiveType | undefined): Buffer | null => {
    if (text === undefined) return null;
    const bytes = type === undefined ? undefined : encodeValue(type, text);
    isWhole &&= bytes !== undefined;
    return bytes ?? null;
  };
  const records = summaries.map(({ containsNull, containsNan, lower, upper }, at) => ({
    contains_null: containsNull,
    contains_nan: containsNan ?? null,
    lower_bound: bound(lower, types[at]),
    upper_bound: bound(upper, types[at]),
  }));
  return isWhole ? records : null;
};

/**
 * The manifests of a snapshot. `partitions` is empty if a manifest's partition values are not known.
 *
 * @param where the list's location, for messages
 * @throws TableDamaged when the list is incomplete, or a manifest's spec is not among `specs`
 */
export const readManifestList = async (
  bytes: Buffer,
  specs: readonly PartitionSpec[],
  schema: Schema,
  where = 'The manifest list',
): Promise<ManifestFile[]> => {
  const typesOf = bySpec(specs, schema);
  const { records } = await decodeAvro(bytes, { where, nameOf });
  return records.map((record, at) => {
    try {
      return toManifestFile(record, typesOf);
    } catch (cause) {
      const reason = cause instanceof TableDamaged ? cause.message : 'not a value of its type';
      throw new TableDamaged(
        `${where} is not a manifest list that can be read: manifest ${at}: ${reason}. ` +
          'Restore the object, or use an engine that knows what the table uses.',
        { cause },
      );
    }
  });
};

const toManifestFile = (
  record: Record<string, unknown>,
  typesOf: ReturnType<typeof bySpec>,
): ManifestFile => {
  const whole = (name: string) => wholeNumber(record[name], name);
  const counts = (kind: 'added' | 'existing' | 'deleted') => ({
    files: whole(`${kind}_files_count`),
    rows: whole(`${kind}_rows_count`),
  });
  const content = CONTENTS[whole('content')];
  if (content === undefined) throw new TableDamaged(`content ${record.content}`);
  if ((record.key_metadata ?? null) !== null) throw new TableDamaged('encrypted manifests are not supported');
  const path = String(record.manifest_path);
  const specId = whole('partition_spec_id');
  return {
    path,
    length: whole('manifest_length'),
    specId,
    content,
    sequenceNumber: whole('sequence_number'),
    minSequenceNumber: whole('min_sequence_number'),
    addedSnapshotId: whole('added_snapshot_id'),
    added: counts('added'),
    existing: counts('existing'),
    deleted: counts('deleted'),
    partitions: fromSummaries((record.partitions ?? []) as Summary[], typesOf(specId, path)),
  };
};

interface Summary {
  contains_null: boolean;
  contains_nan?: boolean | null;
  lower_bound?: Buffer | null;
  upper_bound?: Buffer | null;
}

const fromSummaries = (
  records: readonly Summary[],
  types: readonly (PrimitiveType | undefined)[],
): Summaries => {
  if (records.length !== types.length) return [];
  const isUnknown = records.some(
    ({ lower_bound, upper_bound }, at) => types[at] === undefined && (lower_bound || upper_bound),
  );
  if (isUnknown) return [];
  return records.map(({ contains_null, contains_nan, lower_bound, upper_bound }, at) => {
    const type = types[at];
    return {
      containsNull: contains_null,
      ...(typeof contains_nan === 'boolean' && { containsNan: contains_nan }),
      ...(type && lower_bound && { lower: decodeValue(type, lower_bound) }),
      ...(type && upper_bound && { upper: decodeValue(type, upper_bound) }),
    };
  });
};

/** A function that gives the types of a spec's fields, by the spec's id. */
const bySpec = (specs: readonly PartitionSpec[], schema: Schema) => {
  const types = new Map(specs.map((spec) => [spec['spec-id'], partitionTypes(spec.fields, schema)]));
  return (specId: number, path: string): (PrimitiveType | undefined)[] => {
    const found = types.get(specId);
    if (found !== undefined) return found;
    throw new TableDamaged(`${path} is of partition spec ${specId}, which the table has not`);
  };
};
