import { nearMiss } from '../../../shared/base/near-miss.ts';

test.each([
  ['requierd', 'required'],
  ['Required', 'required'],
  ['require', 'required'],
  ['required', undefined],
  ['owner', undefined],
])('%s is meant to be %s', (word, meant) => {
  expect(nearMiss(word, ['unique', 'required'])).toBe(meant);
});
