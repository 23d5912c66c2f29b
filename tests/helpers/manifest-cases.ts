import {
  describeManifest,
  type ManifestInput,
  readManifest,
  writeManifest,
} from '../../shared/lake/iceberg/manifest.ts';
import type {
  ContentFile,
  Field,
  ManifestEntry,
  PartitionSpec,
  Schema,
} from '../../shared/lake/iceberg/types.ts';

export const field = (id: number, name: string, type: Field['type']): Field => ({
  id,
  name,
  required: false,
  type,
});
export const schema: Schema = {
  type: 'struct',
  'schema-id': 3,
  fields: [
    field(1, 'id', 'long'),
    field(2, 'day', 'date'),
    field(3, 'tags', { type: 'list', 'element-id': 4, 'element-required': false, element: 'string' }),
    field(5, 'amount', 'double'),
  ],
};
export const spec: PartitionSpec = {
  'spec-id': 2,
  fields: [
    { 'source-id': 2, 'field-id': 1000, name: 'day', transform: 'identity' },
    { 'source-id': 1, 'field-id': 1003, name: 'id_bucket', transform: 'bucket[4]' },
  ],
};
export const file: ContentFile = {
  content: 'data',
  path: 's3://silver/signups/data/day=2024-05-01/a.parquet',
  specId: 2,
  partition: ['2024-05-01', '3'],
  rows: 10,
  bytes: 1234,
  columns: {
    1: { size: 100, values: 10, nulls: 0, lower: '-1', upper: '9007199254740993' },
    2: { size: 20, values: 10, nulls: 10 },
    4: { values: 25, lower: 'ä', upper: 'z' },
    5: { nans: 1, lower: '-inf', upper: '1.5' },
  },
};
export const entry = (more: Partial<ManifestEntry> = {}, of: Partial<ContentFile> = {}): ManifestEntry => ({
  status: 'added',
  snapshotId: 77,
  sequenceNumber: 5,
  file: { ...file, ...of },
  ...more,
});

/** Writes a manifest, describes it as one of snapshot 77, and reads it back. */
export const roundTrip = async (
  input: Partial<ManifestInput> & { entries: ManifestEntry[] },
  sequenceNumber = 5,
) => {
  const whole: ManifestInput = { schema, spec, content: 'data', ...input };
  const bytes = await writeManifest(whole);
  const described = describeManifest('s3://b/m.avro', bytes.length, {
    ...whole,
    sequenceNumber,
    snapshotId: 77,
  });
  return { bytes, described, entries: await readManifest(bytes, described) };
};
