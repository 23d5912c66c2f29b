import { TableDamaged } from '../../../../shared/errors.ts';
import {
  createMetadata,
  currentSchema,
  defaultSpec,
  snapshotById,
  withMetadataLog,
  withoutSnapshots,
  withoutUnusedSchemas,
  withProperties,
  withSchema,
  withSnapshot,
  withSpec,
} from '../../../../shared/lake/iceberg/metadata.ts';
import type { Schema, TableMetadata } from '../../../../shared/lake/iceberg/types.ts';
import { created, grown, parse, schema, snapshot, spec } from '../../../helpers/metadata-cases.ts';

test('a new table has no snapshot, and comes back as it was written', () => {
  expect(created).toMatchObject({
    'format-version': 2,
    'last-sequence-number': 0,
    'last-updated-ms': 1000,
    'last-column-id': 9,
    'last-partition-id': 1000,
    'current-snapshot-id': null,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
  });
  expect(parse(created)).toEqual(created);
  expect(currentSchema(created)).toBe(schema);
  expect(defaultSpec(created)).toBe(spec);
  const unpartitioned = createMetadata({
    ...{ uuid: 'u', location: 'l', schema, lastColumnId: 9, properties: {}, at: 1 },
    spec: { 'spec-id': 0, fields: [] },
  });
  expect(unpartitioned['last-partition-id']).toBe(999);
});

describe('withSchema', () => {
  const wider: Schema = { ...schema, fields: schema.fields.slice(0, 2) };

  test('gives a new schema the next id and an equal one its own', () => {
    const next = withSchema(created, { ...wider, 'schema-id': 77 }, 12);
    expect(next['current-schema-id']).toBe(1);
    expect(next['last-column-id']).toBe(12);
    expect(next.schemas).toEqual([schema, { ...wider, 'schema-id': 1 }]);
    const back = withSchema(next, { ...schema, 'schema-id': 5 }, 9);
    expect(back.schemas).toBe(next.schemas);
    expect(back['current-schema-id']).toBe(0);
    expect(back['last-column-id']).toBe(12);
  });

  test('tells schemas apart by their identifiers and documentation too', () => {
    const { 'identifier-field-ids': _, ...anonymous } = schema;
    expect(withSchema(created, anonymous, 9)['current-schema-id']).toBe(1);
    const fields = schema.fields.map(({ doc: _, ...field }) => field);
    expect(withSchema(created, { ...schema, fields }, 9)['current-schema-id']).toBe(1);
  });
});

describe('withSpec', () => {
  const day = { 'source-id': 2, transform: 'identity', name: 'day' } as const;
  const bucket = { 'source-id': 1, transform: 'bucket[16]', name: 'id_bucket' } as const;

  test('numbers new fields onward, and never one that an earlier spec had', () => {
    const two = withSpec(created, [bucket, day]);
    expect(defaultSpec(two)).toEqual({
      'spec-id': 1,
      fields: [
        { ...bucket, 'field-id': 1001 },
        { ...day, 'field-id': 1000 },
      ],
    });
    expect(two['last-partition-id']).toBe(1001);
    const renamed = withSpec(withSpec(two, []), [{ ...bucket, name: 'b' }]);
    expect(defaultSpec(renamed)).toEqual({
      'spec-id': 3,
      fields: [{ ...bucket, name: 'b', 'field-id': 1001 }],
    });
    expect(renamed['last-partition-id']).toBe(1001);
    const fewer = withSpec(renamed, [{ ...bucket, transform: 'bucket[8]' }]);
    expect(defaultSpec(fewer).fields[0]?.['field-id']).toBe(1002);
  });

  test('takes up an equal spec', () => {
    const two = withSpec(created, [bucket]);
    const back = withSpec(two, [day]);
    expect(back['default-spec-id']).toBe(0);
    expect(back['partition-specs']).toBe(two['partition-specs']);
  });

  test.each([[[day, { ...day, name: 'other' }]], [[day, { ...bucket, name: 'day' }]]])(
    'refuses a field twice: %#',
    (fields) => {
      expect(() => withSpec(created, fields)).toThrow(TableDamaged);
    },
  );
});

test('properties are set, kept and removed', () => {
  const table = withProperties(created, { a: '1', b: '2' });
  expect(withProperties(table, { a: undefined, b: '3' }).properties).toEqual({ owner: 'me', b: '3' });
});

describe('withSnapshot', () => {
  test('makes it the current one', () => {
    expect(grown).toMatchObject({
      'current-snapshot-id': 4,
      'last-sequence-number': 4,
      'last-updated-ms': 1004,
      refs: { main: { 'snapshot-id': 4, type: 'branch' } },
    });
    expect(grown['snapshot-log']).toEqual(
      [1, 2, 3, 4].map((id) => ({ 'timestamp-ms': 1000 + id, 'snapshot-id': id })),
    );
    expect(snapshotById(grown, 3)).toEqual(snapshot(3, 1003));
    expect(snapshotById(grown, 5)).toBeUndefined();
    expect(parse(grown)).toEqual(grown);
  });

  test('the time never runs backwards', () => {
    const table = withSnapshot(grown, snapshot(5, 7));
    expect(table['last-updated-ms']).toBe(1004);
    expect(table['snapshot-log'].at(-1)).toEqual({ 'timestamp-ms': 1004, 'snapshot-id': 5 });
    expect(snapshotById(table, 5)?.['timestamp-ms']).toBe(1004);
  });

  test('keeps the retention of main', () => {
    const main = { 'snapshot-id': 4, type: 'branch' as const, 'min-snapshots-to-keep': 3 };
    const table = withSnapshot({ ...grown, refs: { main } }, snapshot(5, 2000));
    expect(table.refs.main).toEqual({ ...main, 'snapshot-id': 5 });
  });

  test('refuses one that was made from an older version', () => {
    expect(() => withSnapshot(grown, snapshot(4, 2000, { 'sequence-number': 5 }))).toThrow(TableDamaged);
    expect(() => withSnapshot(grown, snapshot(5, 2000, { 'sequence-number': 4 }))).toThrow(TableDamaged);
  });
});

describe('withoutSnapshots', () => {
  const idsOf = (table: TableMetadata) => table.snapshots.map((entry) => entry['snapshot-id']);
  const logOf = (table: TableMetadata) => table['snapshot-log'].map((entry) => entry['snapshot-id']);

  test('expires the oldest, and their log', () => {
    const table = withoutSnapshots(grown, new Set([1, 2]));
    expect(idsOf(table)).toEqual([3, 4]);
    expect(logOf(table)).toEqual([3, 4]);
    expect(parse(table)).toEqual(table);
  });

  test('the log has no gap: entries before an expired snapshot are removed', () => {
    const table = withoutSnapshots(grown, new Set([2]));
    expect(idsOf(table)).toEqual([1, 3, 4]);
    expect(logOf(table)).toEqual([3, 4]);
  });

  test('keeps the current one and what refs name', () => {
    const tagged = { ...grown, refs: { ...grown.refs, audit: { 'snapshot-id': 2, type: 'tag' as const } } };
    const table = withoutSnapshots(tagged, new Set([1, 2, 3, 4, 99]));
    expect(idsOf(table)).toEqual([2, 4]);
    expect(logOf(table)).toEqual([4]);
    expect(withoutSnapshots(grown, new Set())).toEqual(grown);
  });

  test('statistics go with their snapshots', () => {
    const entries = [{ 'snapshot-id': 1 }, { 'snapshot-id': 4 }];
    const table = withoutSnapshots({ ...grown, statistics: entries } as TableMetadata, new Set([1]));
    expect(table).toMatchObject({ statistics: [{ 'snapshot-id': 4 }] });
    expect(table).not.toHaveProperty('partition-statistics');
  });
});

test('the metadata log keeps the newest', () => {
  const logged = [1, 2, 3].reduce((table, at) => withMetadataLog(table, { at, file: `v${at}` }, 2), created);
  expect(logged['metadata-log']).toEqual([
    { 'timestamp-ms': 2, 'metadata-file': 'v2' },
    { 'timestamp-ms': 3, 'metadata-file': 'v3' },
  ]);
  expect(withMetadataLog(logged, { at: 4, file: 'v4' }, 0)['metadata-log']).toEqual([]);
});

test('schemas that nothing needs are dropped, and specs are not', () => {
  const changed = [1, 2, 3].reduce(
    (table, length) => withSchema(table, { ...schema, fields: schema.fields.slice(0, length) }, 9),
    grown,
  );
  const table = withoutUnusedSchemas(
    withSpec(withSnapshot(changed, snapshot(5, 2000, { 'schema-id': 2 })), []),
  );
  expect(table.schemas.map((entry) => entry['schema-id'])).toEqual([0, 2, 3]);
  expect(table['partition-specs']).toHaveLength(2);
});
