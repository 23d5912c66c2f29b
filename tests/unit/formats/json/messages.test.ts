import type { ExpectedColumn } from '../../../../shared/formats/open-source.ts';
import { asUnreadable } from '../../../../shared/formats/open-source.ts';
import { open } from '../../../helpers/opened.ts';

const expected: ExpectedColumn[] = [
  { sourceName: 'id', logicalType: 'integer' },
  { sourceName: 'Full Name', name: 'name', logicalType: 'string' },
];

test.each([
  [
    'two arrays',
    '[{"id":1}]\n[{"id":2}]\n',
    'several arrays stand behind one another, the second from line 2 on',
  ],
  [
    'arrays as lines',
    '[1,"a"]\n[2,"b"]\n',
    'several arrays stand behind one another, the second from line 2 on',
  ],
  ['a comma before the end', '[{"id":1},\n{"id":2},\n]', 'line 3 has a comma before the end of the array'],
  ['a comma too many', '[{"id":1},,{"id":2}]', 'line 1 has a comma without a value before it'],
  ['a comma too few', '[{"id":1}\n{"id":2}]', 'line 2 lacks a comma between two values'],
  ['single quotes', "[{'id':1}]", 'line 1 has text in single quotes'],
  ['a comment', '[{"id":1} // "one"\n]', 'line 1 has a comment'],
  ['the wrong end', '[{"id":1]}', 'line 1 ends an array that was not begun'],
  ['text behind the end', '[{"id":1}]\nend', 'line 2 goes on after the end of the array'],
  ['no end', '[{"id":"a ] \\" }"},{"id"', 'the file ends within an object'],
])('%s: the message says what is wrong, and where', async (_, text, fault) => {
  await expect(open(text, { expected })).rejects.toMatchObject({
    name: 'UnreadableFile',
    message: expect.stringContaining(fault),
  });
});

test.each([
  ['/data', '{"data":[{"id":1,"name":"a"}],"next":null}'],
  ['/data', '{\n "count": 1,\n "data": [\n  {"id": 1}\n ]\n}'],
  ['/response/docs', '{"tags":[{"x":1}],"response":{"docs":[{"FULL NAME":"x"}]}}'],
  ['/items', '{"items":[{"other":1}]}'],
])('records in the list under %j of one object: the message says so', async (path, text) => {
  await expect(open(text, { expected })).rejects.toMatchObject({
    name: 'ContractMismatch',
    message: expect.stringContaining(
      `The records seem to lie in the list at ${JSON.stringify(path)}: set recordsPath`,
    ),
  });
});

test('one object with a column of the contract is a record, whatever it holds', async () => {
  const { rows } = await open('{"id":1,"lines":[{"id":2}]}', { expected });
  expect(rows).toEqual([['{"id":1,"lines":[{"id":2}]}']]);
});

test("DuckDB's reason is passed on, without paths and values", () => {
  const messageOf = (text: string): unknown => asUnreadable(new Error(text));
  expect(messageOf('Invalid Error: BYTE_STREAM_SPLIT encoding is only supported for FLOAT')).toMatchObject({
    message: expect.stringMatching(/may be sound: .*BYTE_STREAM_SPLIT.* snappy or zstd\.$/),
  });
  expect(messageOf('Invalid Input Error: Unsupported compression codec LZ4')).toMatchObject({
    message: expect.stringMatching(/may be sound: .*LZ4/),
  });
  expect(messageOf('Invalid Error: TProtocolException: Invalid data')).toMatchObject({
    message: expect.stringMatching(/^The file is damaged, .*TProtocolException: Invalid data\. /),
  });
  expect(
    messageOf('Invalid Input Error: Malformed JSON in file "/tmp/x", at byte 1: "Ada"\nAda'),
  ).toMatchObject({
    message: expect.not.stringMatching(/tmp|Ada/),
  });
  expect(messageOf("Conversion Error: Could not convert string 'Ada' of a page")).toMatchObject({
    message: expect.not.stringMatching(/Ada/),
  });
});
