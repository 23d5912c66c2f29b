import { createMetadata, parseMetadata, withSnapshot } from '../../shared/lake/iceberg/metadata.ts';
import type { PartitionSpec, Schema, SnapshotEntry } from '../../shared/lake/iceberg/types.ts';

export const schema: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', required: true, type: 'long' },
    { id: 2, name: 'day', required: false, type: 'date', doc: 'of signing up' },
    {
      id: 3,
      name: 'tags',
      required: false,
      type: { type: 'list', 'element-id': 4, 'element-required': false, element: 'decimal(9, 2)' },
    },
    {
      id: 5,
      name: 'dimensions',
      required: false,
      type: {
        type: 'map',
        'key-id': 6,
        key: 'string',
        'value-id': 7,
        'value-required': false,
        value: 'uuid',
      },
    },
    {
      id: 8,
      name: 'place',
      required: false,
      type: { type: 'struct', fields: [{ id: 9, name: 'hash', required: false, type: 'fixed[16]' }] },
    },
  ],
  'identifier-field-ids': [1],
};
export const spec: PartitionSpec = {
  'spec-id': 0,
  fields: [{ 'source-id': 2, 'field-id': 1000, name: 'day', transform: 'identity' }],
};
export const created = createMetadata({
  uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1',
  location: 's3://silver/signups',
  schema,
  lastColumnId: 9,
  spec,
  properties: { owner: 'me' },
  at: 1000,
});

export const snapshot = (id: number, at: number, more: Partial<SnapshotEntry> = {}): SnapshotEntry => ({
  'snapshot-id': id,
  'sequence-number': id,
  'timestamp-ms': at,
  'manifest-list': `s3://silver/signups/metadata/snap-${id}.avro`,
  summary: { operation: 'append', 'added-records': '1' },
  'schema-id': 0,
  ...more,
});
export const grown = [1, 2, 3, 4].reduce(
  (table, id) => withSnapshot(table, snapshot(id, 1000 + id)),
  created,
);
export const parse = (value: unknown) =>
  parseMetadata(JSON.stringify(value), 's3://silver/signups/metadata/v3.metadata.json');
