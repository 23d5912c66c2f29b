import { gzipSync } from 'node:zlib';
import { open, openFile, parquet, withOpener } from '../../helpers/opened.ts';

describe('JSON', () => {
  test('an array, whatever its layout', async () => {
    const { source, rows } = await open('\ufeff [ {"a": 1, "b": 12345678901234567890.10},\n {"a": [2]} ]\n');
    expect(source).toMatchObject({
      format: 'json',
      shape: 'documents',
      columns: [],
      records: 2,
      firstLine: 1,
    });
    expect(rows).toEqual([['{"a": 1, "b": 12345678901234567890.10}'], ['{"a": [2]}']]);
  });

  test.each([
    '[{"a":1},{"a":2}',
    '[{"a":1},{"a":',
    '[{"a":1}] x',
    '[{"a":1},]',
    '{"a":1}{"a":',
    '{\n"a":\n',
    '{',
  ])('%j is unreadable', async (text) => {
    await expect(open(text)).rejects.toMatchObject({ name: 'UnreadableFile' });
  });

  test('one object per line: lines are read unchanged, and blank ones are skipped', async () => {
    const { source, rows, lines } = await open('\n{"a":"x, \\"y\\""}\r\n  \n{bad\n{"a":2}');
    expect(source).toMatchObject({ format: 'ndjson', shape: 'documents', records: 3 });
    expect(rows).toEqual([['{"a":"x, \\"y\\""}'], ['{bad'], ['{"a":2}']]);
    expect(lines).toEqual([2, 4, 5]);
  });

  test('a broken first line does not affect the others', async () => {
    const { source } = await open('{"a":\n{"a":2}\n{"a":3}\n');
    expect(source).toMatchObject({ format: 'ndjson', records: 3 });
  });

  test.each(['{"a":1}{"a":2}\n{"a":3}', '{\n "a": 1\n}\n{\n "a": 2\n}\n{"a":3}'])(
    'objects without lines of their own: %j',
    async (text) => {
      const { source, rows } = await open(text);
      expect(source).toMatchObject({ format: 'json', records: 3 });
      expect(rows.map(([doc]) => JSON.parse(String(doc)).a)).toEqual([1, 2, 3]);
    },
  );

  test('a control character that a document holds is not used as the delimiter', async () => {
    const text = '{"a":"\u001f"}\n{"a":"\u001e"}\n{"a":"something longer, so that the file is text"}\n';
    const { rows } = await open(text);
    expect(rows.map(([doc]) => doc)).toEqual(text.trim().split('\n'));
  });

  test('a bracket at the beginning of a name makes no array', async () => {
    const { source } = await open('[id],[name]\n1,x\n');
    expect(source).toMatchObject({ format: 'csv', columns: ['[id]', '[name]'] });
  });
});

describe('Parquet', () => {
  test('columns of any name and type are read by position', async () => {
    await withOpener(async (opener) => {
      const path = await parquet(
        opener,
        `SELECT 1 AS "we ""ird ", {x: 1, y: [2, 3]} AS s, DATE '2020-01-01' AS "Day", MAP {'k': 1} AS m, 2 AS c0`,
      );
      const { source, rows } = await openFile(opener.db, opener.scratch, path);
      expect(source).toMatchObject({
        format: 'parquet',
        shape: 'columns',
        columns: ['we "ird', 's', 'Day', 'm', 'c0'],
        records: 1,
      });
      expect(rows).toHaveLength(1);
      const types = await opener.db.all(`SELECT typeof(c1) AS c1, typeof(c2) AS c2 FROM ${source.relation}`);
      expect(types).toEqual([{ c1: 'STRUCT(x INTEGER, y INTEGER[])', c2: 'DATE' }]);
    });
  });

  test('compressed with gzip, and cut off', async () => {
    await withOpener(async (opener) => {
      const { readFile } = await import('node:fs/promises');
      const bytes = await readFile(await parquet(opener, 'SELECT range AS a FROM range(1000)'));
      const { source } = await opener.open(gzipSync(bytes));
      expect(source).toMatchObject({ format: 'parquet', compression: 'gzip', records: 1000 });
      const broken = Buffer.concat([bytes.subarray(0, bytes.length - 60), Buffer.from('PAR1')]);
      await expect(opener.open(broken)).rejects.toMatchObject({ name: 'UnreadableFile' });
      await expect(opener.open(bytes.subarray(0, -1))).rejects.toMatchObject({ name: 'UnreadableFile' });
    });
  });
});
