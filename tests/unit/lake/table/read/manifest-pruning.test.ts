import { fieldName } from '../../../../../shared/lake/iceberg/transforms.ts';
import type {
  ManifestFile,
  PartitionSpec,
  PrimitiveType,
  Schema,
  Transform,
} from '../../../../../shared/lake/iceberg/types.ts';
import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import { metered } from '../../../../../shared/lake/storage/metered-store.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import { mayHold } from '../../../../../shared/lake/table/read/manifest-pruning.ts';
import { changeBy, fileOf, increment } from '../../../../helpers/increment.ts';
import { scratch } from '../../../../helpers/scratch.ts';

type Bounds = ManifestFile['partitions'][number];

const schemaOf = (...types: PrimitiveType[]): Schema => ({
  type: 'struct',
  'schema-id': 0,
  fields: types.map((type, i) => ({ id: i + 1, name: `c${i + 1}`, required: false, type })),
});

const specOf = (...transforms: Transform[]): PartitionSpec => ({
  'spec-id': 0,
  fields: transforms.map((transform, i) => ({
    'source-id': i + 1,
    'field-id': 1000 + i,
    name: `p${i}`,
    transform,
  })),
});

const manifestOf = (...partitions: Bounds[]): ManifestFile => ({
  path: 'm',
  length: 1,
  specId: 0,
  content: 'data',
  sequenceNumber: 1,
  minSequenceNumber: 1,
  addedSnapshotId: 1,
  added: { files: 1, rows: 1 },
  existing: { files: 0, rows: 0 },
  deleted: { files: 0, rows: 0 },
  partitions,
});

const between = (lower: string, upper: string, containsNull = false): Bounds => ({
  containsNull,
  lower,
  upper,
});
const NULLS: Bounds = { containsNull: true };

describe('whether a manifest may list files of a partition', () => {
  test.each<[string, PrimitiveType, Transform, string, string | null, Bounds, boolean]>([
    ['within', 'int', 'identity', 'c1', '5', between('1', '10'), true],
    ['at the edge', 'int', 'identity', 'c1', '10', between('1', '10'), true],
    ['below', 'int', 'identity', 'c1', '0', between('1', '10'), false],
    ['above, though its text is below', 'int', 'identity', 'c1', '11', between('2', '9'), false],
    ['below zero', 'long', 'identity', 'c1', '-10', between('-9', '9'), false],
    ['text, by bytes', 'string', 'identity', 'c1', 'a', between('A', 'Z'), false],
    ['a date', 'date', 'identity', 'c1', '2024-02-01', between('2024-01-01', '2024-01-31'), false],
    [
      'a date that cannot be compared',
      'date',
      'identity',
      'c1',
      '10000-01-01',
      between('2024-01-01', '2024-01-31'),
      true,
    ],
    ['true of false', 'boolean', 'identity', 'c1', 'true', between('false', 'false'), false],
    ['NULL among others', 'int', 'identity', 'c1', null, between('1', '10', true), true],
    ['NULL where there is none', 'int', 'identity', 'c1', null, between('1', '10'), false],
    ['a value where all is NULL', 'int', 'identity', 'c1', '1', NULLS, false],
    ['a value where nothing is told', 'int', 'identity', 'c1', '1', { containsNull: false }, true],
    [
      'NaN where there is one',
      'double',
      'identity',
      'c1',
      'nan',
      { ...between('1', '2'), containsNan: true },
      true,
    ],
    ['another column’s partition', 'int', 'identity', 'other', '99', between('1', '10'), true],
  ])('%s', (_, type, transform, name, wanted, bounds, expected) => {
    const args = [specOf(transform), schemaOf(type), { [name]: wanted }] as const;
    expect(mayHold(manifestOf(bounds), ...args)).toBe(expected);
  });

  test('all fields have to fit', () => {
    const [spec, schema] = [specOf('identity', 'identity'), schemaOf('int', 'string')];
    const manifest = manifestOf(between('1', '3'), between('a', 'c'));
    expect(mayHold(manifest, spec, schema, { c1: '2', c2: 'b' })).toBe(true);
    expect(mayHold(manifest, spec, schema, { c1: '2', c2: 'd' })).toBe(false);
    expect(mayHold(manifest, spec, schema, { c1: '4', c2: 'b' })).toBe(false);
    expect(mayHold(manifest, spec, schema, { c1: '2' })).toBe(true);
  });

  test('transforms’ values are compared in their own types', () => {
    const at = (transform: Transform, type: PrimitiveType, lower: string, upper: string, wanted: string) => {
      const name = fieldName('c1', transform);
      return mayHold(manifestOf(between(lower, upper)), specOf(transform), schemaOf(type), {
        [name]: wanted,
      });
    };
    expect(at('bucket[16]', 'string', '2', '9', '10')).toBe(false);
    expect(at('bucket[16]', 'string', '2', '10', '9')).toBe(true);
    expect(at('day', 'timestamp', '2024-01-01', '2024-01-31', '2024-02-01')).toBe(false);
    expect(at('day', 'timestamp', '2024-01-01', '2024-01-31', '2024-01-31')).toBe(true);
  });

  test('it may if the manifest has no bounds or the column was dropped', () => {
    expect(mayHold(manifestOf(), specOf('identity'), schemaOf('int'), { c1: '1' })).toBe(true);
    expect(mayHold(manifestOf(between('5', '6')), specOf('identity'), schemaOf(), { p0: '1' })).toBe(true);
  });
});

test('a reader of one partition reads the manifests that may list it, and no others', async () => {
  const store = metered(new FolderStore(scratch()));
  const table = new Table(store, 't');
  const days = [['1', '2'], ['2', '3'], ['4'], [null], ['5', null]];
  for (const [i, some] of days.entries())
    await table.commit(
      changeBy((base) => ({
        ...increment(base, `r${i}`),
        added: some.map((day) => fileOf(`f${i}-${day}`, { partition: { day } })),
      })),
    );
  const read = async (...wanted: (string | null)[]) => {
    const snapshot = await table.current();
    const before = store.usage.requests.get;
    const files = await snapshot?.files(wanted.map((day) => ({ day })));
    // The manifest list takes one request.
    return {
      files: files?.map(({ key }) => key.replace(/^.*\/|\.parquet$/g, '')),
      manifests: store.usage.requests.get - before - 1,
    };
  };
  expect(await read('2')).toEqual({ files: ['f0-2', 'f1-2'], manifests: 2 });
  expect(await read('4')).toEqual({ files: ['f2-4'], manifests: 1 });
  expect(await read(null)).toEqual({ files: ['f3-null', 'f4-null'], manifests: 2 });
  expect(await read('1', '5')).toEqual({ files: ['f0-1', 'f4-5'], manifests: 2 });
  expect(await read('6')).toEqual({ files: [], manifests: 0 });
  expect(await read()).toEqual({ files: [], manifests: 0 });
});
