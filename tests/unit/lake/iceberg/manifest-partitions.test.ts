import { decodeAvro } from '../../../../shared/lake/iceberg/avro-file.ts';
import { describeManifest } from '../../../../shared/lake/iceberg/manifest.ts';
import { decodeValue, encodeValue } from '../../../../shared/lake/iceberg/single-value.ts';
import type { PrimitiveType, Transform } from '../../../../shared/lake/iceberg/types.ts';
import { entry, field, roundTrip, schema } from '../../../helpers/manifest-cases.ts';

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
  // A float's bounds have all of their digits.
  const bound = (value = ''): string => decodeValue(type, encodeValue(type, value) ?? Buffer.alloc(0));
  const [lower, upper] = [bound(ordered[0]), bound(ordered.at(-1))];
  const of = {
    schema: { ...schema, fields: [field(1, 'c', type)] },
    spec: {
      'spec-id': 2,
      fields: [{ 'source-id': 1, 'field-id': 1000, name: 'c', transform: 'identity' as const }],
    },
  };
  const shuffled = [...ordered.slice(1), ...ordered.slice(0, 1)].map((value) =>
    entry({}, { partition: [value], columns: { 1: { lower, upper: bound(value) } } }),
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

test('NaN is recognized, and a value without a binary form gives no summaries rather than wrong ones', async () => {
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
