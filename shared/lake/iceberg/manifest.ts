import { TableDamaged } from '../../errors.ts';
import { decodeAvro, encodeAvro, wholeNumber } from './avro-file.ts';
import { ADDED, CONTENTS, STATUSES, toContentFile, toDataFile } from './manifest-record.ts';
import { avroNames, entrySchema, nameOf } from './manifest-schema.ts';
import { parseManifestTypes } from './metadata-schema.ts';
import { knownPartitionTypes, summarize } from './partition-summary.ts';
import type { ManifestEntry, ManifestFile, PartitionSpec, PrimitiveType, Schema } from './types.ts';

/** Manifests: Avro files that list data files or delete files (Iceberg specification, "Manifests"). */

export interface ManifestInput {
  /** Must have the source columns of the spec. Bounds of columns that it lacks are omitted. */
  schema: Schema;
  spec: PartitionSpec;
  content: 'data' | 'deletes';
  entries: readonly ManifestEntry[];
}

/**
 * The bytes of a manifest. Added entries get no sequence number: they inherit the one in the manifest list, so that a commit
 * that lost a race has to rewrite the list only.
 *
 * @throws TableDamaged when an entry does not fit the spec or the content
 */
export const writeManifest = ({ schema, spec, content, entries }: ManifestInput): Promise<Buffer> => {
  const types = typesOf(spec, schema);
  const dataFileOf = toDataFile({ schema, types, names: avroNames(spec.fields) });
  for (const entry of entries) checkEntry(entry, spec, content);
  const records = entries.map(({ status, snapshotId, sequenceNumber, file }) => {
    const number = status === 'added' ? null : sequenceNumber;
    return {
      status: STATUSES.indexOf(status),
      snapshot_id: snapshotId,
      sequence_number: number,
      file_sequence_number: number,
      data_file: dataFileOf(file),
    };
  });
  return encodeAvro(entrySchema(spec.fields, types), records, {
    schema: JSON.stringify(schema),
    'schema-id': String(schema['schema-id']),
    'partition-spec': JSON.stringify(spec.fields),
    'partition-spec-id': String(spec['spec-id']),
    'format-version': '2',
    content,
  });
};

const typesOf = (spec: PartitionSpec, schema: Schema): PrimitiveType[] =>
  knownPartitionTypes(spec.fields, schema, `A manifest of partition spec ${spec['spec-id']}`);

const checkEntry = ({ file }: ManifestEntry, spec: PartitionSpec, content: string): void => {
  const fits =
    file.specId === spec['spec-id'] &&
    file.partition.length === spec.fields.length &&
    (file.content === 'data') === (content === 'data');
  if (fits) return;
  throw new TableDamaged(
    `${file.path} (${file.content}, partition spec ${file.specId}) does not belong in a manifest of ${content} ` +
      `of partition spec ${spec['spec-id']}. This is a defect of the writer: report it.`,
  );
};

/** The manifest list's record of a manifest that was written from `input`. */
export const describeManifest = (
  path: string,
  length: number,
  input: ManifestInput & { sequenceNumber: number; snapshotId: number },
): ManifestFile => {
  const { entries, spec, schema, sequenceNumber, snapshotId } = input;
  const count = (status: ManifestEntry['status']) => {
    const files = entries.filter((entry) => entry.status === status).map((entry) => entry.file);
    return { files: files.length, rows: files.reduce((rows, file) => rows + file.rows, 0) };
  };
  const existing = entries.filter((entry) => entry.status === 'existing');
  return {
    path,
    length,
    specId: spec['spec-id'],
    content: input.content,
    sequenceNumber,
    // Added files have this snapshot's number, which is the highest.
    minSequenceNumber: existing.reduce(
      (least, entry) => Math.min(least, entry.sequenceNumber),
      sequenceNumber,
    ),
    addedSnapshotId: snapshotId,
    added: count('added'),
    existing: count('existing'),
    deleted: count('deleted'),
    partitions: summarize(
      typesOf(spec, schema),
      entries.map((entry) => entry.file.partition),
    ),
  };
};

/**
 * The entries of a manifest. Values that they omit are inherited from the manifest list ("Sequence Number Inheritance").
 *
 * @param manifest the manifest list's record of it
 * @throws TableDamaged when the file is truncated or is another manifest, or uses something that format version 2 or this
 *   library does not support: equality deletes, encryption, formats other than Parquet
 */
export const readManifest = async (bytes: Buffer, manifest: ManifestFile): Promise<ManifestEntry[]> => {
  const { path } = manifest;
  const refuse = (reason: string, cause?: unknown) =>
    new TableDamaged(
      `${path} is not a manifest that can be read: ${reason}. Restore the object, or use an engine that knows what the table uses.`,
      { cause },
    );
  // Without this check a cut between two blocks would go unnoticed.
  if (bytes.length !== manifest.length) {
    throw refuse(`${bytes.length} bytes where the manifest list says ${manifest.length}`);
  }
  const { records, metadata } = await decodeAvro(bytes, { where: path, nameOf });
  const expected = {
    'format-version': '2',
    content: manifest.content,
    'partition-spec-id': String(manifest.specId),
  };
  for (const [key, value] of Object.entries(expected)) {
    if (metadata[key] !== value) throw refuse(`its ${key} is "${metadata[key]}" and not "${value}"`);
  }
  const { schema, fields } = parseManifestTypes(metadata, path);
  const types = knownPartitionTypes(fields, schema, path);
  const names = fields.map((field) => nameOf(field['field-id']) ?? field.name);
  const toFile = toContentFile({ schema, types, names, specId: manifest.specId });

  return records.map((record, at) => {
    try {
      const status = STATUSES[wholeNumber(record.status, 'status')];
      if (status === undefined) throw new TableDamaged(`status ${record.status}`);
      const file = toFile(record.data_file as Record<string, unknown>);
      if ((file.content === 'data') !== (manifest.content === CONTENTS[0]))
        throw new TableDamaged(file.content);
      const inherited = status === ADDED ? manifest.sequenceNumber : undefined;
      return {
        status,
        snapshotId: wholeNumber(record.snapshot_id ?? manifest.addedSnapshotId, 'snapshot_id'),
        sequenceNumber: wholeNumber(record.sequence_number ?? inherited, 'sequence_number'),
        file,
      };
    } catch (cause) {
      throw refuse(
        `entry ${at}: ${cause instanceof TableDamaged ? cause.message : 'not a value of its type'}`,
        cause,
      );
    }
  });
};
