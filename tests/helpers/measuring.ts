import { literal } from '../../shared/engine/sql.ts';
import { measureFile } from '../../shared/stages/quality-score/measure-file.ts';
import { REASONS_TYPE } from '../../shared/stages/validate/row-check.ts';
import { contractOf, inDuckDb } from './staging.ts';

export const reasons = (...found: [column: string, rule: string, dimension: string][]): string =>
  `[${found.map(([column, rule, dimension]) => `{'column': ${literal(column)}, 'rule': ${literal(rule)}, 'dimension': ${literal(dimension)}, 'expected': '', 'value': NULL}`).join(', ')}]`;

export const PROPERTIES = [
  'name: id, logicalType: integer, primaryKey: true',
  'name: mail, logicalType: string, required: true, unique: true',
  'name: size, logicalType: integer',
  'name: day, logicalType: date',
];

/** Eight parsed rows: two without mail, one size that is not a number, one id in three rows and one in two. */
export const RECORDS = `
  SELECT id, mail, size, day, CAST(reasons AS ${REASONS_TYPE}) AS _reasons
  FROM (VALUES
    (1, 'a', 10, DATE '2024-01-01', NULL),
    (1, 'b', 20, DATE '2024-01-02', NULL),
    (1, NULL, 30, NULL, ${reasons(['mail', 'required', 'completeness'])}),
    (2, NULL, NULL, NULL, ${reasons(['mail', 'required', 'completeness'], ['size', 'type', 'conformity'])}),
    (2, 'e', -1, DATE '2024-01-05', ${reasons(['size', 'minimum', 'conformity'])}),
    (3, 'a', 0, NULL, NULL),
    (NULL, 'g', NULL, NULL, ${reasons(['id', 'required', 'completeness'])}),
    (4, 'h', 40, DATE '2024-01-04', NULL)
  ) AS t(id, mail, size, day, reasons)`;

export interface Setting {
  properties?: readonly string[];
  more?: string;
  records?: string;
  uploadedAt?: string;
}

/** All measures by rule, over the records and two more rows that are malformed. */
export const measures = ({
  properties = PROPERTIES,
  more = '',
  records = RECORDS,
  uploadedAt,
}: Setting = {}) =>
  inDuckDb(async (db) => {
    await db.run(
      `CREATE VIEW _records AS ${records}; CREATE VIEW orders AS SELECT * EXCLUDE (_reasons) FROM _records`,
    );
    const { parsed } = await db.one<{ parsed: number }>('SELECT count(*) AS parsed FROM _records');
    const measured = await measureFile(db, await contractOf(db, properties, more), {
      records: '_records',
      table: 'orders',
      rowsRead: parsed + 2,
      malformed: 2,
      uploadedAt: uploadedAt ?? '2024-01-06T00:00:00.000Z',
    });
    return new Map(measured.map((one) => [one.rule, one]));
  });
