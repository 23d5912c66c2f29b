import { boundsOf, mayShareKeys } from '../../../shared/silver/key-bounds.ts';
import type { DataFile } from '../../../shared/table/snapshot.ts';
import { contractOf } from '../../helpers/silver-lake.ts';

const keyed = (type: string) => contractOf([`{ name: id, ${type}, primaryKey: true }`]);
const INTEGER = 'logicalType: integer';
const DECIMAL = 'logicalType: number, physicalType: "DECIMAL(30,2)"';
const TEXT = 'logicalType: string';
const DATE = 'logicalType: date';

const file = (keyBounds?: DataFile['keyBounds'], partition: DataFile['partition'] = {}): DataFile => ({
  key: 'k',
  partition,
  rows: 1,
  bytes: 1,
  ...(keyBounds && { keyBounds }),
});
const span = (min: string, max: string, kind: 'number' | 'text' = 'number') => file({ min, max, kind });

describe('which bounds a dataset’s files carry', () => {
  test.each([
    [INTEGER, 'number'],
    [DECIMAL, 'number'],
    ['logicalType: integer, logicalTypeOptions: { format: u64 }', 'number'],
    [TEXT, 'text'],
    [DATE, 'text'],
  ])('%s: %s', async (type, kind) => {
    expect(boundsOf(await keyed(type))).toEqual({ column: 'id', kind });
  });

  test.each(['logicalType: timestamp', 'logicalType: boolean', 'logicalType: number'])(
    '%s: none, its text has no plain order',
    async (type) => {
      expect(boundsOf(await keyed(type))).toBeUndefined();
    },
  );

  test('without a primary key: none', async () => {
    expect(boundsOf(await contractOf([`{ name: id, ${INTEGER} }`]))).toBeUndefined();
  });

  test('of a composite key, the first column in the key’s order', async () => {
    const contract = await contractOf([
      '{ name: a, logicalType: integer, primaryKey: true, primaryKeyPosition: 2 }',
      '{ name: b, logicalType: string, primaryKey: true, primaryKeyPosition: 1 }',
    ]);
    expect(boundsOf(contract)).toEqual({ column: 'b', kind: 'text' });
  });
});

describe('whether two files may share keys', () => {
  test.each([
    ['disjoint', INTEGER, span('1', '9'), span('10', '20'), false],
    ['touching', INTEGER, span('1', '10'), span('10', '20'), true],
    ['one within the other', INTEGER, span('1', '100'), span('10', '20'), true],
    ['negative', INTEGER, span('-20', '-10'), span('-9', '5'), false],
    [
      'past 2^53, apart by one',
      INTEGER,
      span('1', '9007199254740992'),
      span('9007199254740993', '9007199254740999'),
      false,
    ],
    [
      'past 2^53, the same',
      INTEGER,
      span('9007199254740993', '9007199254740993'),
      span('9007199254740993', '9007199254740993'),
      true,
    ],
    ['decimals', DECIMAL, span('-1.50', '9.99'), span('10.00', '11.00'), false],
    [
      'decimals that a double cannot tell apart',
      DECIMAL,
      span('0', '12345678901234567890.11'),
      span('12345678901234567890.12', '99999999999999999999.00'),
      true,
    ],
    ['text', TEXT, span('a', 'b', 'text'), span('ba', 'c', 'text'), false],
    ['text by bytes: capitals first', TEXT, span('A', 'Z', 'text'), span('a', 'z', 'text'), false],
    [
      'text by bytes, not UTF-16: U+FFFD before U+1F600',
      TEXT,
      span('a', '\uFFFD', 'text'),
      span('😀', '😀', 'text'),
      false,
    ],
    [
      'dates',
      DATE,
      span('2024-01-01', '2024-01-31', 'text'),
      span('2024-02-01', '2024-02-29', 'text'),
      false,
    ],
    [
      'dates whose text does not order them',
      DATE,
      span('9999-01-01', '10000-01-01', 'text'),
      span('2024-01-01', '2024-01-02', 'text'),
      true,
    ],
    [
      'dates before Christ',
      DATE,
      span('0044-03-15 (BC)', '2024-01-01', 'text'),
      span('0001-01-01', '0010-01-01', 'text'),
      true,
    ],
    ['no bounds on one side', INTEGER, file(), span('1', '2'), true],
    [
      'bounds of two kinds, from two versions of the contract',
      INTEGER,
      span('1', '2'),
      span('7', '8', 'text'),
      true,
    ],
  ])('%s', async (_, type, a, b, expected) => {
    const contract = await keyed(type);
    expect(mayShareKeys(contract, a, b)).toBe(expected);
    expect(mayShareKeys(contract, b, a)).toBe(expected);
  });

  const partitioned = (inKey: boolean) =>
    contractOf([
      `{ name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1 }`,
      `{ name: year, logicalType: integer, partitioned: true${inKey ? ', primaryKey: true, primaryKeyPosition: 2' : ''} }`,
    ]);
  const inYear = (year: string | null) => file(undefined, { year });

  test('partitions tell files apart when the key holds the partition columns', async () => {
    const contract = await partitioned(true);
    expect(mayShareKeys(contract, inYear('2023'), inYear('2024'))).toBe(false);
    expect(mayShareKeys(contract, inYear('2024'), inYear('2024'))).toBe(true);
    expect(mayShareKeys(contract, inYear('2024'), inYear(null))).toBe(false);
  });

  test('a key may move from partition to partition when it does not hold them', async () => {
    expect(mayShareKeys(await partitioned(false), inYear('2023'), inYear('2024'))).toBe(true);
  });

  test('a file from before the table was partitioned may hold any partition’s keys', async () => {
    expect(mayShareKeys(await partitioned(true), file(), inYear('2024'))).toBe(true);
  });
});
