import { TableDamaged } from '../../../../shared/errors.ts';
import { decodeAvro, encodeAvro } from '../../../../shared/lake/iceberg/avro-file.ts';
import { readManifestList, writeManifestList } from '../../../../shared/lake/iceberg/manifest-list.ts';
import type { ManifestFile, PartitionSpec, Schema } from '../../../../shared/lake/iceberg/types.ts';
import { avroColumns } from '../../../helpers/avro-columns.ts';

const schema: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'at', required: false, type: 'timestamptz' },
    { id: 2, name: 'amount', required: false, type: 'double' },
  ],
};
const specs: PartitionSpec[] = [
  { 'spec-id': 0, fields: [] },
  {
    'spec-id': 1,
    fields: [
      { 'source-id': 1, 'field-id': 1000, name: 'at_day', transform: 'day' },
      { 'source-id': 2, 'field-id': 1001, name: 'amount', transform: 'identity' },
    ],
  },
];
const byDay: ManifestFile = {
  path: 's3://silver/signups/metadata/m1.avro',
  length: 5000,
  specId: 1,
  content: 'data',
  sequenceNumber: 8,
  minSequenceNumber: 2,
  addedSnapshotId: 2 ** 52,
  added: { files: 1, rows: 10 },
  existing: { files: 20, rows: 2000 },
  deleted: { files: 3, rows: 0 },
  partitions: [
    { containsNull: true, containsNan: false, lower: '1969-12-31', upper: '2024-05-01' },
    { containsNull: false, containsNan: true, lower: '-0.0', upper: 'inf' },
  ],
};
const deletes: ManifestFile = {
  ...byDay,
  path: 's3://silver/d.avro',
  specId: 0,
  content: 'deletes',
  partitions: [],
};
const input = { snapshotId: 5, parentSnapshotId: 4, sequenceNumber: 8, specs, schema };

const roundTrip = async (...manifests: ManifestFile[]) =>
  readManifestList(await writeManifestList({ ...input, manifests }), specs, schema);

test('manifests come back, in their order', async () => {
  expect(await roundTrip(deletes, byDay)).toEqual([deletes, byDay]);
  expect(await roundTrip()).toEqual([]);
});

test('fields of nothing but NULL have no bounds', async () => {
  const nulls = { ...byDay, partitions: byDay.partitions.map(() => ({ containsNull: true })) };
  expect(await roundTrip(nulls)).toEqual([nulls]);
});

test('the file is as the specification has it', async () => {
  const { records, metadata } = await decodeAvro(
    await writeManifestList({ ...input, manifests: [byDay, deletes] }),
  );
  expect({ ...metadata, 'avro.schema': '' }).toEqual({
    'avro.codec': 'deflate',
    'avro.schema': '',
    'snapshot-id': '5',
    'parent-snapshot-id': '4',
    'sequence-number': '8',
    'format-version': '2',
  });
  expect(avroColumns(JSON.parse(metadata['avro.schema'] ?? ''))).toEqual([
    '500 manifest_path required string',
    '501 manifest_length required long',
    '502 partition_spec_id required int',
    '517 content required int',
    '515 sequence_number required long',
    '516 min_sequence_number required long',
    '503 added_snapshot_id required long',
    '504 added_files_count required int',
    '505 existing_files_count required int',
    '506 deleted_files_count required int',
    '512 added_rows_count required long',
    '513 existing_rows_count required long',
    '514 deleted_rows_count required long',
    '507 partitions optional list<508: record>',
    '  509 contains_null required boolean',
    '  518 contains_nan optional boolean',
    '  510 lower_bound optional bytes',
    '  511 upper_bound optional bytes',
    '519 key_metadata optional bytes',
  ]);
  expect(records[0]).toMatchObject({
    manifest_path: byDay.path,
    manifest_length: 5000,
    partition_spec_id: 1,
    content: 0,
    sequence_number: 8,
    min_sequence_number: 2,
    added_snapshot_id: 2 ** 52,
    added_files_count: 1,
    existing_files_count: 20,
    deleted_files_count: 3,
    added_rows_count: 10,
    existing_rows_count: 2000,
    deleted_rows_count: 0,
    partitions: [
      {
        contains_null: true,
        contains_nan: false,
        lower_bound: Buffer.from('ffffffff', 'hex'),
        upper_bound: Buffer.from('844d0000', 'hex'),
      },
      {
        contains_null: false,
        contains_nan: true,
        lower_bound: Buffer.from('0000000000000080', 'hex'),
        upper_bound: Buffer.from('000000000000f07f', 'hex'),
      },
    ],
    key_metadata: null,
  });
  expect(records[1]).toMatchObject({ content: 1, partitions: [] });
});

test('the first snapshot has no parent', async () => {
  const { parentSnapshotId: _, ...first } = input;
  const { metadata } = await decodeAvro(await writeManifestList({ ...first, manifests: [] }));
  expect(metadata).not.toHaveProperty('parent-snapshot-id');
});

test('a bound that cannot be encoded removes all summaries: without it, engines would skip the manifest', async () => {
  const summariesOf = async (manifest: ManifestFile, of = schema) => {
    const bytes = await writeManifestList({ ...input, schema: of, manifests: [manifest] });
    return (await decodeAvro(bytes)).records[0]?.partitions;
  };
  const dropped = { ...schema, fields: schema.fields.slice(0, 1) };
  expect(await summariesOf(byDay, dropped)).toBeNull();
  const [day, amount] = byDay.partitions;
  const odd = { ...amount, containsNull: false, lower: 'not a number' };
  expect(await summariesOf({ ...byDay, partitions: [day as never, odd] })).toBeNull();
  expect(await summariesOf({ ...byDay, partitions: [] })).toBeNull();
  expect(await roundTrip({ ...byDay, partitions: [] })).toEqual([{ ...byDay, partitions: [] }]);

  const bytes = await writeManifestList({ ...input, manifests: [byDay] });
  expect((await readManifestList(bytes, specs, dropped))[0]?.partitions).toEqual([]);
});

/** The list of one manifest, changed as another writer or a fault might change it. */
const changed = async (change: object, rename: (schemaJson: string) => string = (json) => json) => {
  const { records, metadata } = await decodeAvro(await writeManifestList({ ...input, manifests: [byDay] }));
  const json = metadata['avro.schema'] ?? '';
  for (const record of records) Object.assign(record, change);
  const bytes = await encodeAvro(JSON.parse(rename(json)), records, {});
  return readManifestList(bytes, specs, schema, 's3://b/snap.avro');
};

test('fields are identified by their id: older writers have other names for the counts', async () => {
  const older = await changed({ added_data_files_count: 6 }, (json) =>
    json.replace('"added_files_count"', '"added_data_files_count"'),
  );
  expect(older).toEqual([{ ...byDay, added: { files: 6, rows: 10 } }]);
});

test.each([
  ['manifest 0: content 2', { content: 2 }],
  ['encrypted manifests are not supported', { key_metadata: Buffer.from('k') }],
  [`${byDay.path} is of partition spec 7, which the table has not`, { partition_spec_id: 7 }],
  ['added_snapshot_id is 9223372036854775807, not', { added_snapshot_id: 2n ** 63n - 1n }],
  ['manifest_length is -1', { manifest_length: -1 }],
  [
    'not a value of its type',
    { partitions: byDay.partitions.map(() => ({ contains_null: true, lower_bound: Buffer.alloc(1) })) },
  ],
])('refuses with the place: %s', async (reason, change) => {
  await expect(changed(change)).rejects.toThrow(TableDamaged);
  await expect(changed(change)).rejects.toThrow(reason);
  await expect(changed(change)).rejects.toThrow('s3://b/snap.avro is not a manifest list that can be read');
});

test('a broken file, and a manifest of a spec that the table lacks', async () => {
  const bytes = await writeManifestList({ ...input, manifests: [byDay] });
  await expect(readManifestList(bytes.subarray(0, -1), specs, schema, 'here')).rejects.toThrow(
    /^here is not an Avro file/,
  );
  await expect(readManifestList(Buffer.alloc(0), specs, schema)).rejects.toThrow(TableDamaged);
  const foreign = async () => writeManifestList({ ...input, manifests: [{ ...byDay, specId: 9 }] });
  await expect(foreign()).rejects.toThrow(TableDamaged);
});
