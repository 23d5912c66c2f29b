import path from 'node:path';
import { literal } from '../../shared/engine/sql.ts';
import { compareDb, difference } from './compare.ts';

/** The difference between rows of `VALUES` and the rows of a file. */
const differing = (ours: string, theirs: string) =>
  compareDb(async (db, folder) => {
    const rows = (values: string) => `FROM (VALUES ${values}) AS v(a, b)`;
    const file = path.join(folder, 'theirs.parquet');
    await db.run(`COPY (${rows(theirs)}) TO ${literal(file)} (FORMAT parquet)`);
    const { missing, added } = await difference(db, rows(ours), file);
    return { missing, added };
  });

test.each([
  ["(1, 'a'), (1, 'a'), (2, NULL)", "(2, NULL), (1, 'a'), (1, 'a')", 0, 0],
  ["(1, 'a'), (1, 'a')", "(1, 'a')", 1, 0],
  ["(1, 'a')", "(1, 'a'), (1, 'a'), (1, 'a')", 0, 2],
  ["(1, NULL), (2, 'b')", "(1, ''), (2, 'b')", 1, 1],
  ["(1, 'a'), (2, 'b')", "(1, 'b'), (2, 'a')", 2, 2],
  ["(NULL, 'a'), (3, 'c')", "(0, 'a'), (3, 'c')", 1, 1],
])('%s compared with %s: %d missing, %d added', async (ours, theirs, missing, added) => {
  expect(await differing(ours, theirs)).toEqual({ missing, added });
});
