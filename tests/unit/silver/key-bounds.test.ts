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
/** A file whose keys span this much, of the contract's own type unless another is given. */
const span =
  (min: string, max: string, of: { column?: string; type?: string } = {}) =>
  (type: string): DataFile =>
    file({ min, max, column: 'id', type, ...of });

describe('which bounds a dataset’s files carry', () => {
  test.each([
    [INTEGER, 'BIGINT'],
    [DECIMAL, 'DECIMAL(30,2)'],
    ['logicalType: integer, logicalTypeOptions: { format: u64 }', 'UBIGINT'],
    [TEXT, 'VARCHAR'],
    [DATE, 'DATE'],
  ])('%s: of %s', async (type, silverType) => {
    expect(boundsOf(await keyed(type))).toEqual({ column: 'id', type: silverType });
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
    expect(boundsOf(contract)).toEqual({ column: 'b', type: 'VARCHAR' });
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
    ['text', TEXT, span('a', 'b'), span('ba', 'c'), false],
    ['text by bytes: capitals first', TEXT, span('A', 'Z'), span('a', 'z'), false],
    ['text by bytes, not UTF-16: U+FFFD before U+1F600', TEXT, span('a', '\uFFFD'), span('😀', '😀'), false],
    ['dates', DATE, span('2024-01-01', '2024-01-31'), span('2024-02-01', '2024-02-29'), false],
    [
      'dates whose text does not order them',
      DATE,
      span('9999-01-01', '10000-01-01'),
      span('2024-01-01', '2024-01-02'),
      true,
    ],
    [
      'dates before Christ',
      DATE,
      span('0044-03-15 (BC)', '2024-01-01'),
      span('0001-01-01', '0010-01-01'),
      true,
    ],
    ['no bounds on one side', INTEGER, () => file(), span('1', '2'), true],
    ['another type’s bounds', INTEGER, span('1', '2', { type: 'VARCHAR' }), span('7', '8'), true],
    ['a type that rounds', INTEGER, span('1.50', '1.60', { type: 'DECIMAL(9,2)' }), span('2', '8'), true],
    ['another column’s bounds', INTEGER, span('1', '2', { column: 'old_id' }), span('7', '8'), true],
    [
      'two files of what the key was',
      INTEGER,
      span('1', '2', { column: 'old_id' }),
      span('7', '8', { column: 'old_id' }),
      true,
    ],
  ])('%s', async (_, type, a, b, expected) => {
    const contract = await keyed(type);
    const [x, y] = [a, b].map((of) => of(boundsOf(contract)?.type ?? ''));
    if (x === undefined || y === undefined) throw new Error('two files');
    expect(mayShareKeys(contract, x, y)).toBe(expected);
    expect(mayShareKeys(contract, y, x)).toBe(expected);
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
