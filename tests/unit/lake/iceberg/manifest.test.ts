import { decodeAvro } from '../../../../shared/lake/iceberg/avro-file.ts';
import { readManifest } from '../../../../shared/lake/iceberg/manifest.ts';
import { avroColumns } from '../../../helpers/avro-columns.ts';
import { entry, field, file, roundTrip, schema, spec } from '../../../helpers/manifest-cases.ts';

test('entries of all states come back', async () => {
  const entries = [
    entry(),
    entry({ status: 'existing', snapshotId: 70, sequenceNumber: 2 }, { partition: [null, '0'], columns: {} }),
    entry({ status: 'deleted', sequenceNumber: 1 }, { partition: ['0044-03-15 (BC)', null] }),
  ];
  expect((await roundTrip({ entries })).entries).toEqual(entries);
});

test('the file is as the specification has it: schema, numbers and binary bounds', async () => {
  const { bytes } = await roundTrip({
    entries: [entry(), entry({ status: 'existing', snapshotId: 70, sequenceNumber: 2 })],
  });
  const { records, metadata } = await decodeAvro(bytes);
  expect({ ...metadata, 'avro.schema': '' }).toEqual({
    'avro.codec': 'deflate',
    'avro.schema': '',
    schema: JSON.stringify(schema),
    'schema-id': '3',
    'partition-spec': JSON.stringify(spec.fields),
    'partition-spec-id': '2',
    'format-version': '2',
    content: 'data',
  });
  expect(avroColumns(JSON.parse(metadata['avro.schema'] ?? ''))).toEqual([
    '0 status required int',
    '1 snapshot_id optional long',
    '3 sequence_number optional long',
    '4 file_sequence_number optional long',
    '2 data_file required record',
    '  134 content required int',
    '  100 file_path required string',
    '  101 file_format required string',
    '  102 partition required record',
    '    1000 day optional date as int',
    '    1003 id_bucket optional int',
    '  103 record_count required long',
    '  104 file_size_in_bytes required long',
    '  108 column_sizes optional map<117: int, 118: long>',
    '  109 value_counts optional map<119: int, 120: long>',
    '  110 null_value_counts optional map<121: int, 122: long>',
    '  137 nan_value_counts optional map<138: int, 139: long>',
    '  125 lower_bounds optional map<126: int, 127: bytes>',
    '  128 upper_bounds optional map<129: int, 130: bytes>',
    '  131 key_metadata optional bytes',
    '  132 split_offsets optional list<133: long>',
    '  135 equality_ids optional list<136: int>',
    '  140 sort_order_id optional int',
    '  143 referenced_data_file optional string',
  ]);
  expect(records).toMatchObject([
    {
      status: 1,
      snapshot_id: 77,
      // Inherited: the manifest may be written before its snapshot's number is known.
      sequence_number: null,
      file_sequence_number: null,
      data_file: {
        content: 0,
        file_path: file.path,
        file_format: 'PARQUET',
        partition: { day: 19844, id_bucket: 3 },
        record_count: 10,
        file_size_in_bytes: 1234,
        column_sizes: [
          { key: 1, value: 100 },
          { key: 2, value: 20 },
        ],
        value_counts: [
          { key: 1, value: 10 },
          { key: 2, value: 10 },
          { key: 4, value: 25 },
        ],
        null_value_counts: [
          { key: 1, value: 0 },
          { key: 2, value: 10 },
        ],
        nan_value_counts: [{ key: 5, value: 1 }],
        lower_bounds: [
          { key: 1, value: Buffer.from('ffffffffffffffff', 'hex') },
          { key: 4, value: Buffer.from('ä') },
          { key: 5, value: Buffer.from('000000000000f0ff', 'hex') },
        ],
        upper_bounds: [
          { key: 1, value: Buffer.from('0100000000002000', 'hex') },
          { key: 4, value: Buffer.from('z') },
          { key: 5, value: Buffer.from('000000000000f83f', 'hex') },
        ],
        key_metadata: null,
        split_offsets: null,
        equality_ids: null,
        sort_order_id: 0,
        referenced_data_file: null,
      },
    },
    { status: 0, snapshot_id: 70, sequence_number: 2, file_sequence_number: 2 },
  ]);
});

test('position deletes have the columns of their own files', async () => {
  const deletes = entry(
    {},
    {
      content: 'position-deletes',
      path: 's3://silver/signups/deletes/d.parquet',
      referencedDataFile: file.path,
      columns: {
        2147483546: { size: 9, values: 2, nulls: 0, lower: file.path, upper: file.path },
        2147483545: { lower: '0', upper: '12' },
      },
    },
  );
  const { entries, bytes } = await roundTrip({ entries: [deletes], content: 'deletes' });
  expect(entries).toEqual([deletes]);
  const { records, metadata } = await decodeAvro(bytes);
  expect(metadata.content).toBe('deletes');
  expect(records).toMatchObject([
    { data_file: { content: 1, sort_order_id: null, nan_value_counts: [], referenced_data_file: file.path } },
  ]);
});

test('bounds of columns that the schema no longer has are left out, counts are not', async () => {
  const { entries } = await roundTrip({
    schema: { ...schema, fields: schema.fields.slice(0, 3) },
    entries: [entry()],
  });
  expect(entries[0]?.file.columns[5]).toEqual({ nans: 1 });
});

test('bounds are read with the types of when they were written', async () => {
  const narrow = { ...schema, fields: [field(1, 'id', 'int'), ...schema.fields.slice(1)] };
  const columns = { 1: { lower: '-5', upper: '7' } };
  const { entries } = await roundTrip({ schema: narrow, entries: [entry({}, { columns })] });
  expect(entries[0]?.file.columns).toEqual(columns);
});

test('a description counts by state, and dates the manifest by its oldest live file', async () => {
  const { described } = await roundTrip(
    {
      entries: [
        entry(),
        entry({ status: 'existing', sequenceNumber: 3 }, { rows: 4, partition: [null, '1'] }),
        entry({ status: 'existing', sequenceNumber: 4 }, { rows: 1, partition: ['2023-01-01', '2'] }),
        entry({ status: 'deleted', sequenceNumber: 1 }, { rows: 7 }),
      ],
    },
    9,
  );
  expect(described).toEqual({
    path: 's3://b/m.avro',
    length: described.length,
    specId: 2,
    content: 'data',
    sequenceNumber: 9,
    minSequenceNumber: 3,
    addedSnapshotId: 77,
    added: { files: 1, rows: 10 },
    existing: { files: 2, rows: 5 },
    deleted: { files: 1, rows: 7 },
    partitions: [
      { containsNull: true, containsNan: false, lower: '2023-01-01', upper: '2024-05-01' },
      { containsNull: false, containsNan: false, lower: '1', upper: '3' },
    ],
  });
  expect(
    (await roundTrip({ entries: [entry({ status: 'deleted', sequenceNumber: 1 })] }, 9)).described,
  ).toMatchObject({
    minSequenceNumber: 9,
  });
});

test('sequence numbers and snapshot ids are inherited', async () => {
  const { described, bytes } = await roundTrip({ entries: [entry({ sequenceNumber: 1 })] });
  const [later] = await readManifest(bytes, { ...described, sequenceNumber: 12 });
  expect(later?.sequenceNumber).toBe(12);
});
