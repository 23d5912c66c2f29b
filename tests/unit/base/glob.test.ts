import path from 'node:path';
import fc from 'fast-check';
import { globFault, matchesGlob } from '../../../shared/base/glob.ts';

test.each([
  [
    '*_manifest.json',
    ['a_manifest.json', '_manifest.json'],
    ['x/a_manifest.json', 'a_manifest.jsonl', 'A_MANIFEST.JSON'],
  ],
  ['archive/**', ['archive/a.csv', 'archive/2024/a.csv'], ['archive', 'archive2/a.csv', 'x/archive/a.csv']],
  ['**/archive/**', ['archive/a.csv', 'x/y/archive/a.csv'], ['archives/a.csv']],
  ['**/*.tmp', ['a.tmp', 'x/y/a.tmp'], ['a.tmp/b', 'a.tmpx']],
  ['2024-??.csv', ['2024-01.csv'], ['2024-1.csv', '2024-0/.csv']],
  ['a*b*c', ['abc', 'a1b2bc', 'abbc'], ['ab', 'acb', 'a/b/c']],
  ['report (1).csv', ['report (1).csv'], ['report 1.csv']],
  ['x.csv', ['x.csv'], ['xzcsv']],
  ['?', ['a', 'ü', '😀'], ['', 'ab']],
])('%s', (pattern, kept, others) => {
  expect(globFault(pattern)).toBeUndefined();
  expect(kept.filter((each) => !matchesGlob(each, pattern))).toEqual([]);
  expect(others.filter((each) => matchesGlob(each, pattern))).toEqual([]);
});

test.each([
  '',
  '/a',
  'a/',
  'a//b',
  '../a',
  'a/./b',
  '[ab].csv',
  '{a,b}',
  '!a',
  'a\\b',
  'a**',
  '**',
  '*',
  '**/*',
])('%j is no pattern', (pattern) => {
  expect(globFault(pattern)).toBeDefined();
});

const names = fc.array(fc.constantFrom('a', 'b', 'ab', 'ba', 'aab'), { minLength: 1, maxLength: 4 });
const patterns = fc.array(fc.constantFrom('a', 'b', '*', '?', 'a*', '*b', 'a*b', '**', '*a*b*'), {
  minLength: 1,
  maxLength: 4,
});

test('it matches as Node does, where names have small letters', () => {
  fc.assert(
    fc.property(names, patterns, (items, wanted) => {
      const [key, pattern] = [items.join('/'), wanted.join('/')];
      expect([key, pattern, matchesGlob(key, pattern)]).toEqual([
        key,
        pattern,
        path.posix.matchesGlob(key, pattern),
      ]);
    }),
    { numRuns: 500 },
  );
});

test('a pattern of many stars is no slower for that', () => {
  expect(matchesGlob('a'.repeat(1000), `${'*a'.repeat(100)}b`)).toBe(false);
});
