import { NestedKeys, repeatsOf } from '../../../../shared/formats/json/nested-keys.ts';

/** Reads the text in chunks of each length. */
const deepest = (text: string, recordDepth = 1, lines = true): number => {
  const bytes = Buffer.from(text);
  const found = [1, 2, 3, 7, bytes.length].map((length) => {
    const keys = new NestedKeys(recordDepth, lines);
    for (let at = 0; at < bytes.length; at += length) keys.read(bytes.subarray(at, at + length));
    return keys.deepest;
  });
  expect(new Set(found).size).toBe(1);
  return found[0] ?? 0;
};

test.each<[string, number]>([
  ['{"a":1,"a":2}', 0],
  ['{"x":{"a":1,"b":{"a":2}},"y":[{"a":1},{"a":2}]}', 0],
  ['{"x":{"a":1,"a":2}}', 1],
  ['{"x":[{"a":1}, {"a":1 , "a" :2}]}', 2],
  ['{"x":{"a":"a","b":"a"},"z":["a","a"]}', 0],
  ['{"x":{"a":"\\"a\\":1,","b":"{\\"c\\":1,\\"c\\":2}"}}', 0],
  ['{"x":{"zoë":1,"zo\\u00eb":2}}', 1],
  ['{"x":{"a\\\\":1,"a":2}}', 0],
  ['{"x":{"a":{"b":{"c":[],"c":{}}}}}', 3],
  ['{"x":{"a":1}}\n{"x":{"a":1}}', 0],
  ['{"x":{"a":1,\n"a":2}}', 0],
  ['{"x":{"a\n{"x":{"a":1,"a":1}}', 1],
  [']]}{"x":{"a":1,"a":1}}', 1],
])('%j: %i levels down', (text, levels) => {
  expect(deepest(text)).toBe(levels);
});

test('in a document, lines mean nothing, and an array may hold the records', () => {
  expect(deepest('{"x":{"a":1,\n"a":2}}', 1, false)).toBe(1);
  expect(deepest('[{"a":1,"a":2},\n{"x":{"b":1,"b":2}}]', 2, false)).toBe(1);
  expect(deepest('[{"a":1,"a":2}]', 2, false)).toBe(0);
});

test('an object that lies too deep rejects the file', () => {
  const keys = new NestedKeys(1, true);
  keys.read(Buffer.from(`{"x":${'['.repeat(16)}{"a":1,"a":2}`));
  expect(() => repeatsOf(keys)).toThrow('17 levels within its record');
});
