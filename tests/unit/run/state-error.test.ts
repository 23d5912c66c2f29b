import { messageOf, readError } from '../../../shared/run/state-error.ts';

test.each([
  ['{"errorMessage":"as Lambda reports it","errorType":"Fault"}', 'as Lambda reports it'],
  ['plain text', 'plain text'],
  ['{"other":1}', '{"other":1}'],
  ['{"errorMessage":7}', '{"errorMessage":7}'],
  ['"text"', '"text"'],
  ['null', 'null'],
  ['', ''],
])('the message of the Cause %j', (Cause, message) => {
  expect(messageOf({ Cause })).toBe(message);
  expect(readError({ Error: 'Fault', Cause })).toEqual({ name: 'Fault', message });
});
