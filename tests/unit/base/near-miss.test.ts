import { nearMiss } from '../../../shared/base/near-miss.ts';

test.each([
  ['requierd', 'required'],
  ['Required', 'required'],
  ['require', 'required'],
  ['required', undefined],
  ['owner', undefined],
])('%s probably means %s', (word, meant) => {
  expect(nearMiss(word, ['unique', 'required'])).toBe(meant);
});
