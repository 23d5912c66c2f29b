import fc from 'fast-check';
import { isHidden, isPathSafe } from '../../../../../shared/lake/storage/key-path.ts';
import { partitionFolder } from '../../../../../shared/lake/table/write/partition-folder.ts';

test.each<[Record<string, string | null>, string]>([
  [{}, ''],
  [{ country: 'FR', ts_day: '2024-02-29' }, 'country=FR/ts_day=2024-02-29'],
  [{ p: null }, 'p=null'],
  [{ p: '' }, 'p='],
  [{ p: 'a/b é' }, 'p=a%2Fb%20%C3%A9'],
  [{ p: '2024-02-29 01:02:03.5' }, 'p=2024-02-29%2001%3A02%3A03.5'],
  [{ '.x': '.' }, '%2Ex=%2E'],
  [{ p: 'x'.repeat(100) }, `p=${'x'.repeat(100)}`],
])('%j lies in %j', (partition, folder) => {
  expect(partitionFolder(partition)).toBe(folder);
});

test('long values are cut between characters, and stay distinct', () => {
  const folders = ['a', 'b'].map((end) => partitionFolder({ p: 'é'.repeat(500) + end }));
  expect(new Set(folders).size).toBe(2);
  for (const folder of folders) expect(folder).toMatch(/^p=(%C3%A9){13}~[0-9a-f]{16}$/);
});

test('any names and values make a path of bounded length that decodes', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(fc.dictionary(text, fc.option(text), { minKeys: 1, maxKeys: 12 }), (partition) => {
      const folder = partitionFolder(partition);
      expect(folder).toMatch(/^[A-Za-z0-9_.=%~/-]{1,600}$/);
      expect(isPathSafe(folder)).toBe(true);
      expect(isHidden(folder)).toBe(false);
      decodeURIComponent(folder);
    }),
  );
});
