import { InvalidInput } from '../../../shared/errors.ts';
import { decodeAvro, encodeAvro } from '../../../shared/iceberg/avro-file.ts';
import {
  describeManifest,
  type ManifestInput,
  readManifest,
  writeManifest,
} from '../../../shared/iceberg/manifest.ts';
import type {
  ContentFile,
  Field,
  ManifestEntry,
  PartitionSpec,
  PrimitiveType,
  Schema,
  Transform,
} from '../../../shared/iceberg/types.ts';
import { avroColumns } from './avro-columns.ts';

const field = (id: number, name: string, type: Field['type']): Field => ({ id, name, required: false, type });
const schema: Schema = {
  type: 'struct',
  'schema-id': 3,
  fields: [
    field(1, 'id', 'long'),
    field(2, 'day', 'date'),
    field(3, 'tags', { type: 'list', 'element-id': 4, 'element-required': false, element: 'string' }),
    field(5, 'amount', 'double'),
  ],
};
const spec: PartitionSpec = {
  'spec-id': 2,
  fields: [
    { 'source-id': 2, 'field-id': 1000, name: 'day', transform: 'identity' },
    { 'source-id': 1, 'field-id': 1003, name: 'id_bucket', transform: 'bucket[4]' },
  ],
};
const file: ContentFile = {
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
const entry = (more: Partial<ManifestEntry> = {}, of: Partial<ContentFile> = {}): ManifestEntry => ({
  status: 'added',
  snapshotId: 77,
  sequenceNumber: 5,
  file: { ...file, ...of },
  ...more,
});

async function roundTrip(input: Partial<ManifestInput> & { entries: ManifestEntry[] }, sequenceNumber = 5) {
  const whole: ManifestInput = { schema, spec, content: 'data', ...input };
  const bytes = await writeManifest(whole);
  const described = describeManifest('s3://b/m.avro', bytes.length, {
    ...whole,
    sequenceNumber,
    snapshotId: 77,
  });
  return { bytes, described, entries: await readManifest(bytes, described) };
}

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
    { data_file: { content: 1, sort_order_id: null, referenced_data_file: file.path } },
  ]);
});

const values: [PrimitiveType, string[]][] = [
  ['boolean', ['false', 'true']],
  ['int', ['-2147483648', '0', '2147483647']],
  ['long', ['-9223372036854775808', '-1', '9007199254740993', '9223372036854775807']],
  ['float', ['-inf', '-0.0', '0.0', '0.1', '3.4028235e+38', 'inf']],
  ['double', ['-1.5', '-0.0', '0.0', '1e-300', '1.7976931348623157e+308']],
  ['decimal(9, 2)', ['-9999999.99', '-0.01', '0.00', '12.50']],
  ['decimal(38, 0)', ['-99999999999999999999999999999999999999', '7', '18446744073709551615']],
  ['date', ['1969-12-31', '1970-01-01', '9999-12-31', '10000-01-01']],
  ['time', ['00:00:00', '00:00:00.000001', '23:59:59.999999']],
  ['timestamp', ['1969-12-31 23:59:59.999999', '2024-05-01 12:00:00', '2300-01-01 00:00:00.5']],
  ['timestamptz', ['1969-12-31 23:59:59.999999+00', '2024-05-01 12:00:00+00']],
  ['string', ['', 'a b', 'ab', 'ö', '\u{fffd}', '\u{1f600}']],
  ['uuid', ['00000000-0000-0000-0000-000000000001', 'f79c3e09-677c-4bbd-a479-3f349cb785e7']],
  ['fixed[2]', ['a\\x00', 'ab', '\\xFF\\xFF']],
  ['binary', ['', '\\x00', 'abc', '\\xFF']],
];

test.each(values)('partition values and bounds of type %s, NULL among them', async (type, ordered) => {
  const [lower, upper] = [ordered[0] as string, ordered.at(-1) as string];
  const of = {
    schema: { ...schema, fields: [field(1, 'c', type)] },
    spec: {
      'spec-id': 2,
      fields: [{ 'source-id': 1, 'field-id': 1000, name: 'c', transform: 'identity' as const }],
    },
  };
  const shuffled = [...ordered.slice(1), lower].map((value) =>
    entry({}, { partition: [value], columns: { 1: { lower, upper: value } } }),
  );
  const { entries, described } = await roundTrip({ ...of, entries: shuffled });
  expect(entries).toEqual(shuffled);
  expect(described.partitions).toEqual([{ containsNull: false, containsNan: false, lower, upper }]);
  const nulls = await roundTrip({ ...of, entries: [entry({}, { partition: [null], columns: {} })] });
  expect(nulls.entries[0]?.file.partition).toEqual([null]);
  expect(nulls.described.partitions).toEqual([{ containsNull: true, containsNan: false }]);
});

test.each<[Transform, PrimitiveType, string]>([
  ['identity', 'string', 'x'],
  ['bucket[16]', 'uuid', '15'],
  ['truncate[3]', 'string', 'abc'],
  ['truncate[10]', 'decimal(4, 1)', '120.0'],
  ['year', 'timestamptz', '54'],
  ['month', 'date', '652'],
  ['day', 'timestamp', '2024-05-01'],
])('the values of %s(%s)', async (transform, type, value) => {
  const { entries } = await roundTrip({
    schema: { ...schema, fields: [field(1, 'c', type)] },
    spec: { 'spec-id': 2, fields: [{ 'source-id': 1, 'field-id': 1000, name: 'p', transform }] },
    entries: [entry({}, { partition: [value], columns: {} })],
  });
  expect(entries[0]?.file.partition).toEqual([value]);
});

test('a dropped partition field has no values, also when its column is gone', async () => {
  const voids = { 'source-id': 99, 'field-id': 1000, name: 'gone', transform: 'void' as const };
  const { entries } = await roundTrip({
    spec: { 'spec-id': 2, fields: [voids] },
    entries: [entry({}, { partition: [null] })],
  });
  expect(entries[0]?.file.partition).toEqual([null]);
});

test('partition fields of any name, and of the same decimal type', async () => {
  const names = ['sign-up day', 'sign_x2Dup_x20day', '9to5', 'Größe', '__proto__', '', 'toString'];
  const fields = names.map((name, at) => ({
    'source-id': 1,
    'field-id': 1000 + at,
    name,
    transform: 'identity' as const,
  }));
  const partition = names.map((_, at) => `${at}.50`);
  const { entries, bytes } = await roundTrip({
    schema: { ...schema, fields: [field(1, 'c', 'decimal(5, 2)')] },
    spec: { 'spec-id': 2, fields },
    entries: [entry({}, { partition, columns: {} })],
  });
  expect(entries[0]?.file.partition).toEqual(partition);
  const { metadata } = await decodeAvro(bytes);
  const written = JSON.parse(metadata['avro.schema'] ?? '').fields[4].type.fields[3].type.fields;
  expect(written.map((column: { name: string }) => column.name)).toEqual([
    'sign_x2Dup_x20day',
    'sign_x2Dup_x20day_1001',
    '_9to5',
    'Gr_xF6_xDFe',
    '__proto___1004',
    '_',
    'toString',
  ]);
  expect(written[0]['iceberg-field-name']).toBe('sign-up day');
  expect(written[6]).not.toHaveProperty('iceberg-field-name');
});

test('an unpartitioned table has an empty tuple', async () => {
  const { entries, described } = await roundTrip({
    spec: { 'spec-id': 2, fields: [] },
    entries: [entry({}, { partition: [] })],
  });
  expect(entries[0]?.file.partition).toEqual([]);
  expect(described.partitions).toEqual([]);
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

test('NaN is told apart, and a value without a binary form leaves no summaries rather than wrong ones', async () => {
  const by = (type: PrimitiveType, ...texts: string[]) =>
    roundTrip({
      schema: { ...schema, fields: [field(1, 'c', type)] },
      spec: {
        'spec-id': 2,
        fields: [{ 'source-id': 1, 'field-id': 1000, name: 'c', transform: 'identity' }],
      },
      entries: texts.map((text) => entry({}, { partition: [text], columns: {} })),
    });
  const nan = await by('double', 'nan', '1.0');
  expect(nan.described.partitions).toEqual([
    { containsNull: false, containsNan: true, lower: '1.0', upper: '1.0' },
  ]);
  expect(nan.entries.map((read) => read.file.partition)).toEqual([['nan'], ['1.0']]);
  expect((await by('string', 'nan')).described.partitions).toMatchObject([
    { containsNan: false, lower: 'nan' },
  ]);

  const timed = {
    schema: { ...schema, fields: [field(1, 'c', 'time')] },
    spec: {
      'spec-id': 2,
      fields: [{ 'source-id': 1, 'field-id': 1000, name: 'c', transform: 'identity' as const }],
    },
    entries: ['01:00:00', '24:00:00'].map((text) => entry({}, { partition: [text] })),
  };
  const described = describeManifest('m', 1, { ...timed, content: 'data', sequenceNumber: 1, snapshotId: 1 });
  expect(described.partitions).toEqual([]);
});

test('sequence numbers and snapshot ids are inherited', async () => {
  const { described, bytes } = await roundTrip({ entries: [entry({ sequenceNumber: 1 })] });
  const [later] = await readManifest(bytes, { ...described, sequenceNumber: 12 });
  expect(later?.sequenceNumber).toBe(12);
});

/** The manifest of one entry, its record and header changed as another writer, or a fault, would have it. */
async function changed(
  change: (record: Record<string, unknown>) => void,
  header: Record<string, string> = {},
) {
  const { bytes, described } = await roundTrip({
    entries: [entry({ status: 'existing', sequenceNumber: 2 })],
  });
  const { records, metadata } = await decodeAvro(bytes);
  for (const record of records) change(record);
  const { 'avro.schema': avroSchema = '', 'avro.codec': _, ...own } = metadata;
  const again = await encodeAvro(JSON.parse(avroSchema), records, { ...own, ...header });
  return readManifest(again, { ...described, length: again.length });
}
const changedFile = (change: Record<string, unknown>) =>
  changed((record) => {
    Object.assign(record.data_file as object, change);
  });

test('an id that is left out is that of the snapshot that added the manifest', async () => {
  const entries = await changed((record) =>
    Object.assign(record, { snapshot_id: null, status: 1, sequence_number: null }),
  );
  expect(entries).toMatchObject([{ snapshotId: 77, sequenceNumber: 5 }]);
});

test.each<[string, () => Promise<unknown>]>([
  ['sequence_number is absent', () => changed((record) => Object.assign(record, { sequence_number: null }))],
  [
    'snapshot_id is 9007199254740993, not',
    () => changed((record) => Object.assign(record, { snapshot_id: 2n ** 53n + 1n })),
  ],
  ['status 3', () => changed((record) => Object.assign(record, { status: 3 }))],
  ['equality deletes are not supported', () => changedFile({ content: 2 })],
  ['entry 0: position-deletes', () => changedFile({ content: 1 })],
  ['files of the format AVRO are not', () => changedFile({ file_format: 'AVRO' })],
  ['encrypted files are not', () => changedFile({ key_metadata: Buffer.from('k') })],
  ['not a value of its type', () => changedFile({ lower_bounds: [{ key: 1, value: Buffer.alloc(3) }] })],
  ['its format-version is "1" and not "2"', () => changed(() => undefined, { 'format-version': '1' })],
  ['its content is "deletes" and not "data"', () => changed(() => undefined, { content: 'deletes' })],
  ['its partition-spec-id is "0"', () => changed(() => undefined, { 'partition-spec-id': '0' })],
  ['its "schema" is not', () => changed(() => undefined, { schema: '{' })],
  ['its "partition-spec" is not', () => changed(() => undefined, { 'partition-spec': '[{}]' })],
  [
    'has no column of values with the id 2',
    () => changed(() => undefined, { schema: JSON.stringify({ ...schema, fields: [] }) }),
  ],
])('refuses to read what it cannot hold: %s', async (reason, read) => {
  const refused = await read().then(String, (error: unknown) => error);
  expect(refused).toBeInstanceOf(InvalidInput);
  expect((refused as Error).message).toContain(reason);
  expect((refused as Error).message).toContain('s3://b/m.avro');
});

test('a file of another length than the list says is refused: a cut between blocks shows nowhere else', async () => {
  const { bytes, described } = await roundTrip({ entries: [entry()] });
  const reading = readManifest(bytes.subarray(0, -1), described);
  await expect(reading).rejects.toThrow(InvalidInput);
  await expect(reading).rejects.toThrow(
    `${bytes.length - 1} bytes where the manifest list says ${bytes.length}`,
  );
});

test.each<[string, ManifestEntry, Partial<ManifestInput>]>([
  ['does not belong', entry({}, { specId: 1 }), {}],
  ['does not belong', entry({}, { partition: ['2024-05-01'] }), {}],
  ['does not belong', entry({}, { content: 'position-deletes' }), {}],
  ['does not belong', entry(), { content: 'deletes' }],
  ['Partition value 0', entry({}, { partition: ['yesterday', '1'] }), {}],
  ['has no column', entry(), { schema: { ...schema, fields: [] } }],
  ['Record 0 does not fit', entry({}, { rows: 1.5 }), {}],
])('refuses to write: %s (%#)', async (reason, bad, input) => {
  const refused = await roundTrip({ ...input, entries: [bad] }).then(String, (error: unknown) => error);
  expect(refused).toBeInstanceOf(InvalidInput);
  expect((refused as Error).message).toContain(reason);
  expect((refused as Error).message).not.toContain('yesterday');
});
