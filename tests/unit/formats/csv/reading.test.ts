import type { ExpectedColumn } from '../../../../shared/formats/open-source.ts';
import { open } from '../../../helpers/opened.ts';

const column = (
  sourceName: string,
  logicalType: ExpectedColumn['logicalType'] = 'string',
): ExpectedColumn => ({ sourceName, logicalType });

const expected = [column('id', 'integer'), column('name')];

test.each([
  ['delimiter', 'idxname\n1xa,b\n', { delimiter: 'x' }, [['1', 'a,b']]],
  ['quote', "id,name\n1,'a,b'\n", { quote: "'" }, [['1', 'a,b']]],
  [
    'no quote',
    'id,name\n1,"a\n2,b"\n',
    { quote: '' },
    [
      ['1', '"a'],
      ['2', 'b"'],
    ],
  ],
  ['skipLines', 'x\ny,"\nid,name\n1,a\n', { skipLines: 2 }, [['1', 'a']]],
  [
    'comment',
    '# x\nid,name\n# "y\n1,a\n#\n2,b\n',
    { comment: '#' },
    [
      ['1', 'a'],
      ['2', 'b'],
    ],
  ],
])('%s', async (_, text, reading, rows) => {
  const opened = await open(text, { expected, reading });
  expect(opened.rows).toEqual(rows);
  expect(opened.malformed).toEqual([]);
});

test('comments are not counted, and rows keep their lines', async () => {
  const { lines, source } = await open('# x\r\nid,name\r\n1,a\r\n# y\r\n2,b\r\n', {
    expected,
    reading: { comment: '#' },
  });
  expect(lines).toEqual([3, 5]);
  expect(source).toMatchObject({ records: 2 });
});

test('nothing but comments, or fewer lines than are skipped', async () => {
  await expect(open('#\n# x\n', { expected, reading: { comment: '#' } })).rejects.toMatchObject({
    name: 'EmptyFile',
  });
  await expect(open('id,name\n', { expected, reading: { skipLines: 3 } })).rejects.toMatchObject({
    name: 'UnreadableFile',
    message: expect.stringContaining('fewer than 3 lines'),
  });
});
