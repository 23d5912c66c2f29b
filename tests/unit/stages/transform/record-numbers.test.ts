import path from 'node:path';
import { literal } from '../../../../shared/engine/sql.ts';
import { numberedRecords } from '../../../../shared/stages/transform/record-numbers.ts';
import { scratch } from '../../../helpers/scratch.ts';
import { inDuckDb, stage } from '../../../helpers/staging.ts';

const numbersOf = (records: string, gaps: string | undefined): Promise<Record<string, number>[]> =>
  inDuckDb(async (db) => {
    const sql = await numberedRecords(db, records, gaps);
    return await db.all(`SELECT id, _row FROM (${sql}) ORDER BY _row`);
  });

test('records that cannot be parsed are counted, those refused by a rule too', async () => {
  const staged = await stage(['name: id, logicalType: integer'], 'id\n# a,b\n1\nx\n2\n\n3,3\n"4\n5\n6,6\n');
  expect(staged.rows).toEqual({ read: 8, accepted: 3, rejected: 5 });
  expect(await numbersOf(staged.records, staged.gaps)).toEqual([
    { id: 1, _row: 2 },
    { id: 2, _row: 4 },
    { id: 5, _row: 7 },
  ]);
});

test('lines of NDJSON too', async () => {
  const lines = ['{"id":1}', '{"id":\xff2}', '{"id"', '', '{"id":5}'];
  const staged = await stage(['name: id, logicalType: integer'], Buffer.from(lines.join('\n'), 'latin1'));
  expect(await numbersOf(staged.records, staged.gaps)).toEqual([
    { id: 1, _row: 1 },
    { id: 5, _row: 4 },
  ]);
});

test.each([0.001, 0.1, 0.9])(
  'the number is right wherever a share of %d of the records is broken',
  async (share) => {
    const ids = Array.from({ length: 20_000 }, (_, i) => i + 1);
    // Pseudo-random, and the same in every run.
    const broken = ids.map((id) => ((id * 2654435761) % 2 ** 32) / 2 ** 32 < share);
    const lines = ids.map((id, i) => (broken[i] ? `${id},,` : `${id}`));
    const staged = await stage(['name: id, logicalType: integer'], `id\n${lines.join('\n')}\n`);
    const numbers = await numbersOf(staged.records, staged.gaps);
    expect(numbers).toHaveLength(staged.rows.accepted);
    expect(numbers.filter(({ id, _row }) => id !== _row)).toEqual([]);
  },
);

test('without such records the number is the place in the staged file', async () => {
  await inDuckDb(async (db) => {
    const records = path.join(scratch(), 'records.parquet');
    await db.run(
      `COPY (SELECT range AS id, NULL AS _reasons, NULL AS _raw FROM range(3)) TO ${literal(records)}`,
    );
    expect(await numbersOf(records, undefined)).toEqual([0, 1, 2].map((id) => ({ id, _row: id + 1 })));
  });
});
