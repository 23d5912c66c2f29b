import { readFileSync } from 'node:fs';
import { ignoredBecause } from '../../../shared/run/ignored-key.ts';
import { contractOf, inDuckDb, stage } from '../../helpers/staging.ts';

const docs = readFileSync('docs/contracts.md', 'utf8');

/** The blocks of code of a marked section of docs/contracts.md, and its text. */
const section = (mark: string): { text: string; blocks: string[] } => {
  const start = docs.indexOf(`<!-- ${mark}:`);
  const text = docs.slice(start, docs.indexOf(`<!-- /${mark} -->`, start));
  return { text, blocks: [...text.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block) };
};

/** YAML as a part of the schema object. */
const indented = (yaml: string): string => yaml.replaceAll(/^(?=.)/gm, '    ');

const COLUMNS = ['name: id, logicalType: integer', 'name: name, logicalType: string'];

test('the document with records below other members is read by its path', async () => {
  const [yaml = '', json = ''] = section('records-path').blocks;
  const { all } = await stage(COLUMNS, json, indented(yaml));
  expect(all.map(({ id, name }) => [id, name])).toEqual([
    [1, 'Ada'],
    [2, 'Bo'],
  ]);
});

test('the numbers and times in other forms are read', async () => {
  const [yaml = '', csv = ''] = section('written').blocks;
  const [, properties = '', more = ''] =
    /^properties:\n([\s\S]*?)^(customProperties:[\s\S]*)$/m.exec(yaml) ?? [];
  const { all } = await stage([], csv, indented(`${properties.replaceAll(/^/gm, '  ').trimEnd()}\n${more}`));
  expect(all).toEqual([
    { id: 1, total: '1234.56', rate: 1.085, placed_at: '2023-11-14 22:13:20.123', _rescued: null },
  ]);
});

test('the keys in the table are ignored or read', async () => {
  const { text, blocks } = section('ignored');
  const { ignoredKeys } = await inDuckDb((db) => contractOf(db, COLUMNS, indented(blocks[0] ?? '')));
  const rows = [...text.matchAll(/^\| `([^`]+)` \| (ignored|read)/gm)];
  expect(rows).toHaveLength(5);
  for (const [, key = '', state] of rows)
    expect([key, ignoredBecause(key, ignoredKeys) === undefined ? 'read' : 'ignored']).toEqual([key, state]);
});
