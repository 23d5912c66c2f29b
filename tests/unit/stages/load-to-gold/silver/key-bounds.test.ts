import type { DataFile } from '../../../../../shared/lake/table/data-file.ts';
import { keyField, mayShareKeys } from '../../../../../shared/stages/load-to-gold/silver/key-bounds.ts';
import { silverSchema } from '../../../../../shared/stages/transform/silver-table.ts';
import { contractOf } from '../../../../helpers/silver-lake.ts';

const keyed = (type: string) => contractOf([`{ name: id, ${type}, primaryKey: true }`]);
const INTEGER = 'logicalType: integer';
const SMALL = 'logicalType: integer, logicalTypeOptions: { format: i32 }';
const DECIMAL = 'logicalType: number, physicalType: "DECIMAL(30,2)"';
const DOUBLE = 'logicalType: number';
const TEXT = 'logicalType: string';
const DATE = 'logicalType: date';
const TIMESTAMP = 'logicalType: timestamp';

/** The field id of the only column, and one that it never had. */
const [ID, OTHER] = [1, 99];

const file = (columns: DataFile['columns'] = {}, partition: DataFile['partition'] = {}): DataFile => ({
  key: 'k',
  specId: 0,
  partition,
  rows: 1,
  bytes: 1,
  columns,
});
/** A file whose keys span this much, or whose values of another column do. */
const span = (lower: string, upper: string, field = ID): DataFile => file({ [field]: { lower, upper } });

describe('which column’s bounds tell a dataset’s files apart', () => {
  const fieldOf = async (contract: Awaited<ReturnType<typeof contractOf>>) =>
    keyField(contract, silverSchema(contract, undefined).schema);

  test.each([
    [INTEGER, 'long'],
    [SMALL, 'int'],
    [DECIMAL, 'decimal(30, 2)'],
    ['logicalType: integer, logicalTypeOptions: { format: u64 }', 'decimal(20, 0)'],
    [DOUBLE, 'double'],
    [TEXT, 'string'],
    [DATE, 'date'],
    [TIMESTAMP, 'timestamp'],
    ['logicalType: boolean', 'boolean'],
  ])('%s: the key’s, as %s', async (type, icebergType) => {
    expect(await fieldOf(await keyed(type))).toMatchObject({ id: ID, name: 'id', type: icebergType });
  });

  test('without a primary key: none', async () => {
    expect(await fieldOf(await contractOf([`{ name: id, ${INTEGER} }`]))).toBeUndefined();
  });

  test('of a composite key, the first column in the key’s order', async () => {
    const contract = await contractOf([
      '{ name: a, logicalType: integer, primaryKey: true, primaryKeyPosition: 2 }',
      '{ name: b, logicalType: string, primaryKey: true, primaryKeyPosition: 1 }',
    ]);
    expect(await fieldOf(contract)).toMatchObject({ name: 'b', type: 'string' });
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
      span('10000-01-01', '10000-01-02'),
      span('2024-01-01', '2024-01-02'),
      true,
    ],
    [
      'dates of which the text that counts does',
      DATE,
      span('9999-01-01', '10000-01-01'),
      span('2024-01-01', '2024-01-02'),
      false,
    ],
    [
      'dates before Christ',
      DATE,
      span('0044-03-15 (BC)', '2024-01-01'),
      span('0001-01-01', '0010-01-01'),
      true,
    ],
    ['doubles', DOUBLE, span('-1.5', '1e2'), span('100.5', '2e300'), false],
    ['doubles that touch', DOUBLE, span('-Infinity', '1.5'), span('1.5', 'Infinity'), true],
    [
      'timestamps',
      TIMESTAMP,
      span('2024-01-01 00:00:00', '2024-01-31 23:59:59.999999'),
      span('2024-02-01 00:00:00', '2024-02-01 00:00:00'),
      false,
    ],
    [
      'timestamps of which one has a fraction',
      TIMESTAMP,
      span('2024-01-01 00:00:00', '2024-01-31 23:59:59'),
      span('2024-01-31 23:59:59.5', '2024-02-01 00:00:00'),
      false,
    ],
    [
      'bounds of before the column was widened',
      INTEGER,
      span('-2147483648', '7'),
      span('3000000000', '4000000000'),
      false,
    ],
    ['no bounds on one side', INTEGER, file(), span('1', '2'), true],
    ['half of the bounds on one side', INTEGER, file({ [ID]: { lower: '7' } }), span('1', '2'), true],
    ['another column’s bounds', INTEGER, span('1', '2', OTHER), span('7', '8'), true],
    ['two files of what the key was', INTEGER, span('1', '2', OTHER), span('7', '8', OTHER), true],
  ])('%s', async (_, type, a, b, expected) => {
    const contract = await keyed(type);
    const field = keyField(contract, silverSchema(contract, undefined).schema);
    expect(mayShareKeys(contract, field, a, b)).toBe(expected);
    expect(mayShareKeys(contract, field, b, a)).toBe(expected);
  });

  const partitioned = (inKey: boolean) =>
    contractOf([
      `{ name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1 }`,
      `{ name: year, logicalType: integer, partitioned: true${inKey ? ', primaryKey: true, primaryKeyPosition: 2' : ''} }`,
    ]);
  const inYear = (year: string | null) => file({}, { year });
  const share = (contract: Awaited<ReturnType<typeof partitioned>>, a: DataFile, b: DataFile) =>
    mayShareKeys(contract, undefined, a, b);

  test('partitions tell files apart when the key holds the partition columns', async () => {
    const contract = await partitioned(true);
    expect(share(contract, inYear('2023'), inYear('2024'))).toBe(false);
    expect(share(contract, inYear('2024'), inYear('2024'))).toBe(true);
    expect(share(contract, inYear('2024'), inYear(null))).toBe(false);
  });

  test('a key may move from partition to partition when it does not hold them', async () => {
    expect(share(await partitioned(false), inYear('2023'), inYear('2024'))).toBe(true);
  });

  test('a file from before the table was partitioned may hold any partition’s keys', async () => {
    expect(share(await partitioned(true), file(), inYear('2024'))).toBe(true);
  });
});
