import { counted, gist, printable } from '../../../shared/base/text.ts';

test('data cannot command the terminal', () => {
  expect(printable('a\nb\t\u001b[31mred')).toBe('a\\nb\\t\\x1b[31mred');
});

test('counts', () => {
  expect([counted(1, 'row'), counted(3201, 'row')]).toEqual(['1 row', '3,201 rows']);
  expect(counted(2, 'query', 'queries')).toBe('2 queries');
});

test.each([
  ['one line', 'one line'],
  ['2 problems:\n  the first\n  the second', '2 problems: the first'],
  ['', ''],
])('the gist of %j', (message, text) => {
  expect(gist(message)).toBe(text);
});
