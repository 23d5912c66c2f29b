import { ContractMismatch } from '../../../../shared/errors.ts';
import { bindColumns } from '../../../../shared/stages/validate/bind-columns.ts';
import { contractOf, inDuckDb } from '../../../helpers/staging.ts';

const PROPERTIES = [
  'name: id, logicalType: integer, required: true',
  'name: title, physicalName: Main Title, logicalType: string',
  'name: year, logicalType: integer, transformLogic: "1"',
];

const bind = (names: readonly string[], options: { spellings?: boolean; more?: string } = {}) =>
  inDuckDb(async (db) => {
    const contract = await contractOf(db, PROPERTIES, options.more);
    const { bound, unknown } = bindColumns(contract, names, options.spellings ?? false);
    return { bound: Object.fromEntries(bound.map(({ column, sources }) => [column.name, sources])), unknown };
  });

test('names match without regard to case and outer blanks, through physicalName first', async () => {
  expect(await bind(['  MAIN title', 'ID ', 'note'])).toEqual({
    bound: { id: [1], title: [0] },
    unknown: [2],
  });
  expect(await bind(['Title', 'id'])).toEqual({ bound: { id: [1], title: [0] }, unknown: [] });
  expect(await bind(['Title', 'id', 'main title'])).toEqual({ bound: { id: [1], title: [2] }, unknown: [0] });
});

test('an optional column may be missing', async () => {
  expect(await bind(['id'])).toEqual({ bound: { id: [0], title: [] }, unknown: [] });
});

test('a derived column is not read, even if the source has a column of its name', async () => {
  expect(await bind(['id', 'year'])).toEqual({ bound: { id: [0], title: [] }, unknown: [1] });
});

test("a physicalName of another column does not count as this column's name", async () => {
  const bound = await inDuckDb(async (db) => {
    const contract = await contractOf(db, [
      'name: total, physicalName: sum, logicalType: integer',
      'name: net, physicalName: total, logicalType: integer',
    ]);
    return bindColumns(contract, ['total'], false).bound.map(({ sources }) => sources);
  });
  expect(bound).toEqual([[], [0]]);
});

test('spellings of one name are one column where keys may differ from record to record', async () => {
  const spellings = await bind(['id', 'ID', 'Id '], { spellings: true });
  expect(spellings).toEqual({ bound: { id: [0, 1, 2], title: [] }, unknown: [] });
  await expect(bind(['id', 'ID'])).rejects.toThrow(
    /^Columns occur more than once: "id". The file has "id", "ID"\./,
  );
});

test('unknown columns are rejected where the contract says so, and so are columns that it derives', async () => {
  const more = '    customProperties: [{ property: unknownColumns, value: reject }]';
  expect(await bind(['id'], { more })).toEqual({ bound: { id: [0], title: [] }, unknown: [] });
  await expect(bind(['id', 'note', 'year'], { more })).rejects.toThrow(
    /^Columns are unknown to the contract, which rejects them: "note", "year"\. Fix the file/,
  );
});

test('a missing required column is named, with what the file has', async () => {
  await expect(bind(['main title', 'note'])).rejects.toThrow(
    /^Required columns are missing: "id"\. The file has "main title", "note"\. Fix the file and upload it again, or fix [^/]+\/orders\/contract\.yaml\.$/,
  );
});

test('where no column matches, the first line may be data and is not shown', async () => {
  const error = await bind(['17', 'ada@example.com']).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ContractMismatch);
  expect(String(error)).toMatch(
    /None of the file's 2 columns is one of dataset "orders", which expects "id", "Main Title"\./,
  );
  expect(String(error)).not.toContain('ada@');
});

test('documents without any key are no objects', async () => {
  await expect(bind([], { spellings: true })).rejects.toThrow(/^No record of the file is a JSON object/);
});

test('a message names twenty columns at most', async () => {
  const names = Array.from({ length: 1000 }, (_, i) => `column ${i}`);
  await expect(bind(['title', ...names])).rejects.toThrow(/"column 18" and 981 more\. Fix/);
});
