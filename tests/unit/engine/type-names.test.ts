import { isExactNumber, isInteger, isNumber } from '../../../shared/engine/type-names.ts';
import { withDuckDb } from '../../../shared/engine/with-duckdb.ts';
import { scratch } from '../../helpers/scratch.ts';

const families = (type: string): string =>
  [isInteger(type) && 'integer', isExactNumber(type) && 'exact', isNumber(type) && 'number']
    .filter((family) => family !== false)
    .join(' ');

const INTEGERS = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'];

test.each([
  ...INTEGERS.flatMap((type) => [
    [type, 'integer exact number'],
    [`U${type}`, 'integer exact number'],
  ]),
  ['DECIMAL(9,2)', 'exact number'],
  ['FLOAT', 'number'],
  ['DOUBLE', 'number'],
  ['DECIMAL(9,2)[]', ''],
  ['BIGINT[]', ''],
  ['INTERVAL', ''],
  ['BOOLEAN', ''],
  ['VARCHAR', ''],
])('%s as DuckDB prints it: %s', async (type, expected) => {
  const settings = { memoryMb: 512, threads: 1, scratch: scratch() };
  const [column] = await withDuckDb(settings, (db) => db.describe(`SELECT CAST(NULL AS ${type}) AS v`));
  expect([column?.type, families(column?.type ?? '')]).toEqual([type, expected]);
});
