import { TableDamaged } from '../../../../shared/errors.ts';
import { parseMetadata } from '../../../../shared/lake/iceberg/metadata.ts';
import { created, grown, parse, schema, snapshot, spec } from '../../../helpers/metadata-cases.ts';

test('parsing keeps unknown keys, at any depth', () => {
  const foreign = {
    ...grown,
    statistics: [{ 'snapshot-id': 4, 'statistics-path': 's3://p' }],
    refs: { ...grown.refs, main: { ...grown.refs.main, 'max-snapshot-age-ms': 5 } },
    schemas: [{ ...schema, fields: schema.fields.map((field) => ({ ...field, 'write-default': null })) }],
    snapshots: grown.snapshots.map((entry) => ({ ...entry, 'key-id': 'k' })),
  };
  expect(parse(foreign)).toEqual(foreign);
});

test('parsing accepts other writers’ spellings', () => {
  const { refs: _, 'metadata-log': __, properties: ___, ...bare } = grown;
  expect(parse(bare)).toEqual({ ...grown, properties: {} });
  const { 'current-snapshot-id': ____, snapshots: _____, 'snapshot-log': ______, ...empty } = created;
  expect(parse(empty)).toEqual(created);
  expect(parse({ ...created, 'current-snapshot-id': -1 })).toEqual(created);
  const dense = JSON.stringify(created).replace('decimal(9, 2)', 'decimal(9,2)');
  expect(parseMetadata(dense, 'here')).toEqual(created);
});

const withField = (type: unknown) => ({
  ...created,
  schemas: [{ ...schema, fields: [{ id: 1, name: 'a', required: true, type }] }],
});
test.each<[unknown, string]>([
  [null, 'the whole'],
  [[], 'the whole'],
  [{ ...created, 'format-version': 1 }, 'format-version'],
  [{ ...created, 'format-version': 3 }, 'format-version'],
  [{ ...created, location: undefined }, 'location'],
  [{ ...created, 'last-updated-ms': -1 }, 'last-updated-ms'],
  [{ ...created, properties: { a: 1 } }, 'properties.a'],
  [withField('timestamp_ns'), 'schemas.0.fields.0.type'],
  [withField('decimal(9)'), 'schemas.0.fields.0.type'],
  [withField({ type: 'list', element: 'int' }), 'schemas.0.fields.0.type'],
  [
    { ...created, 'partition-specs': [{ ...spec, fields: [{ ...spec.fields[0], transform: 'hour' }] }] },
    'partition-specs.0.fields.0.transform: not a transform that is supported',
  ],
  [{ ...created, 'current-schema-id': 7 }, 'current-schema-id names nothing'],
  [{ ...created, 'default-spec-id': 7 }, 'default-spec-id names nothing'],
  [{ ...grown, 'current-snapshot-id': 7 }, 'current-snapshot-id names nothing'],
  [{ ...grown, 'current-snapshot-id': 3 }, 'refs.main.snapshot-id names nothing'],
  [
    { ...grown, refs: { ...grown.refs, x: { 'snapshot-id': 9, type: 'tag' } } },
    'refs.x.snapshot-id names nothing',
  ],
  [{ ...grown, snapshots: [{ ...snapshot(4, 4), summary: {} }] }, 'snapshots.0.summary.operation'],
  [{ ...grown, snapshots: [{ ...snapshot(4, 4), 'manifest-list': undefined }] }, 'snapshots.0.manifest-list'],
])('refuses with the place: %#', (value, reason) => {
  expect(() => parse(value)).toThrow(TableDamaged);
  expect(() => parse(value)).toThrow(
    `s3://silver/signups/metadata/v3.metadata.json is not Iceberg table metadata that can be read: ${reason}`,
  );
});

test('parsing refuses an id that a number would round, and text that is not JSON', () => {
  const rounded = JSON.stringify(grown).replaceAll('"snapshot-id":4', '"snapshot-id":9007199254740993');
  expect(() => parseMetadata(rounded, 'here')).toThrow(/here is not .*snapshots\.3\.snapshot-id/);
  expect(() => parseMetadata(JSON.stringify(grown).slice(0, -1), 'here')).toThrow(
    'here is not Iceberg table metadata that can be read: not JSON.',
  );
  expect(() => parseMetadata('', 'here')).toThrow(TableDamaged);
});
