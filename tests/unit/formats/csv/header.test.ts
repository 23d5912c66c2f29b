import type { ExpectedColumn } from '../../../../shared/formats/open-source.ts';
import { open } from '../../../helpers/opened.ts';

const column = (
  sourceName: string,
  logicalType: ExpectedColumn['logicalType'] = 'string',
): ExpectedColumn => ({ sourceName, logicalType });

const expected = [column('id', 'integer'), column('name')];

test.each([
  ['a value that is a name', '1,name\n2,x\n', { header: false, records: 2 }],
  ['a value that is a name, and a delimiter at the end', '1,name,\n2,x,\n', { header: false, records: 2 }],
  ['a column that the contract does not know', 'id,2020\n1,x\n', { header: true, records: 1 }],
])('%s', async (_, text, found) => {
  const { source, malformed } = await open(text, { expected });
  expect(source).toMatchObject(found);
  expect(malformed).toEqual([]);
});

test('names that are numbers', async () => {
  const years = [column('2020', 'integer'), column('2021', 'integer')];
  const { source } = await open('2020,2021\n1,2\n', { expected: years });
  expect(source).toMatchObject({ header: true, records: 1 });
});

test.each([
  ['a name among other texts', 'a,x,y\np,q,r\n', [column('a'), column('b'), column('c')]],
  [
    'a name, a value, and a text where a number belongs',
    'zz,a,12.5\n1,x,2\n',
    [column('id', 'integer'), column('a'), column('amount', 'number')],
  ],
])('%s may be a header or a row: the contract has to say it', async (_, text, either) => {
  await expect(open(text, { expected: either })).rejects.toMatchObject({
    name: 'ContractMismatch',
    message: expect.stringMatching(/^The first record may be a header that lacks columns, or a row/),
  });
  const without = await open(text, { expected: either, reading: { header: false } });
  expect(without.source).toMatchObject({ header: false, records: 2 });
  const headed = await open(text, { expected: either, reading: { header: true } });
  expect(headed.source).toMatchObject({ header: true, records: 1 });
});

test.each([
  ['a comment', '# exported 2024-01-01\nid,name\n1,a\n', 2],
  ['a title and an empty line', 'Sales;;\n\n"ID";"Name"\n1;a\n', 3],
])('the message names the line with the names of the contract: %s', async (_, text, line) => {
  await expect(open(text, { expected })).rejects.toMatchObject({
    name: 'ContractMismatch',
    message: expect.stringMatching(
      `^Line 1 was read as the header.* Line ${line} has the contract's names: .*"skipLines" to ${line - 1}`,
    ),
  });
  const { source, lines } = await open(text, { expected, reading: { skipLines: line - 1 } });
  expect(source).toMatchObject({ header: true, records: 1 });
  expect(lines).toEqual([line + 1]);
});
