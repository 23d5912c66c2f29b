import { parseWhen } from '../../../shared/query/when.ts';

test.each([
  ['2026-11-21T03:00Z', '2026-11-21T03:00:00.000Z'],
  ['2026-11-21 03:00:01.5Z', '2026-11-21T03:00:01.500Z'],
  ['2026-11-21T04:00+01:00', '2026-11-21T03:00:00.000Z'],
  ['2026-11-21', '2026-11-21T23:59:59.999Z'],
  ['2024-02-29', '2024-02-29T23:59:59.999Z'],
])('%s is a time', (text, time) => {
  expect(parseWhen(text)).toEqual({ time: Date.parse(time) });
});

test('a number is a snapshot', () => {
  expect(parseWhen('106361299115269')).toEqual({ snapshot: 106_361_299_115_269 });
});

test.each([
  '',
  'yesterday',
  '2026-11-21T03:00',
  '2026-02-31',
  '2026-02-31T00:00Z',
  '2026-11-21T25:00Z',
  '-1',
  '0',
  '1e3',
  '99999999999999999999',
])('%p is neither', (text) => {
  expect(() => parseWhen(text)).toThrow(/^--at takes a time with its zone/);
});
