import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { ExpectedColumn } from '../../../../shared/formats/open-source.ts';
import { type Opened, open, withOpener } from '../../../helpers/opened.ts';
import { stage } from '../../../helpers/staging.ts';

const expected: ExpectedColumn[] = [{ sourceName: 'id', logicalType: 'integer' }];

const openAt = (recordsPath: string, text: string | Buffer, more = {}): Promise<Opened> =>
  open(text, { expected, reading: { recordsPath }, ...more });

/** The records as values, whatever blanks stand in them. */
const valuesOf = ({ rows }: Opened): unknown[] => rows.map(([doc]) => JSON.parse(String(doc)));

test.each<[string, string, string, unknown[]]>([
  ['a list', '/data', '{"data":[{"id":1},{"id":2}],"next":null}', [{ id: 1 }, { id: 2 }]],
  ['a list below objects', '/a/b/c', '{"x":[1],"a":{"b":{"c":[{"id":1}]},"y":{}}}', [{ id: 1 }]],
  ['behind other lists', '/b', '{"a":[{"b":[{"id":9}]}],"b":[{"id":1}]}', [{ id: 1 }]],
  [
    'over several lines',
    '/data',
    '{\n "data": [\n  {"id":\r\n   1}\n ,\n  {"id": 2}\n ]\n}\n',
    [{ id: 1 }, { id: 2 }],
  ],
  [
    'elements that are no objects',
    '/data',
    '{"data":[1, "a,]}", [{}], null,true ]}',
    [1, 'a,]}', [{}], null, true],
  ],
  ['one object', '/data/item', '{"data":{"item":{"id":1}}}', [{ id: 1 }]],
  [
    'documents behind one another',
    '/d',
    '{"d":[{"id":1}]}{"d":[]}\n{"d":[{"id":2}]}',
    [{ id: 1 }, { id: 2 }],
  ],
  ['documents with a list or an object', '/d', '{"d":[{"id":1}]}\n{"d":{"id":2}}', [{ id: 1 }, { id: 2 }]],
  ['odd keys', '/a.b/c~1d/e~0f/"', '{"a.b":{"c/d":{"e~f":{"\\"":[{"id":1}]}}}}', [{ id: 1 }]],
  ['an escaped key', '/data', '{"d\\u0061ta":[{"id":1}]}', [{ id: 1 }]],
  ['an empty key', '/', '{"":[{"id":1}]}', [{ id: 1 }]],
  ['braces in texts', '/d', '{"t":"]}\\"{","d":[{"id":1,"s":"}\\\\"}]}', [{ id: 1, s: '}\\' }]],
  ['a byte order mark', '/d', '\ufeff{"d":[{"id":1}]}', [{ id: 1 }]],
])('%s', async (_, path, text, values) => {
  const opened = await openAt(path, text);
  expect(valuesOf(opened)).toEqual(values);
  expect(opened.source).toMatchObject({ records: values.length, firstLine: 1 });
});

test('a compressed document, and one in UTF-16', async () => {
  const text = '{"data":[{"id":1,"name":"Zoë"}]}';
  for (const bytes of [gzipSync(text), Buffer.from(`\ufeff${text}`, 'utf16le')])
    expect(valuesOf(await openAt('/data', bytes))).toEqual([{ id: 1, name: 'Zoë' }]);
});

test.each([
  [
    '/items',
    '{"data":[{"id":1}],"next":null}',
    'has no records at "/items", the contract\'s recordsPath: it has the keys "data", "next"',
  ],
  ['/data/items', '{"data":{"rows":[]}}', 'the value at "/data" has the keys "rows"'],
  ['/data/items', '{"data":[{"items":[]}]}', 'the value at "/data" is a list'],
  ['/data', '{"data":null}', 'the value at "/data" is no object and no list'],
  ['/data', '{"data":"x"}', 'is no object and no list'],
  ['/d', '{"d":[]}\n{"d":[]}\n{"e":[]}', 'Document 3 of the file has no records at "/d"'],
  ['/d', '{"d":[{"id":1}],"d":[{"id":2}]}', 'has the key "d" of recordsPath twice'],
  ['/a/d', '{"a":{"d":[]},"a":{"d":[]}}', 'has the key "a" of recordsPath twice'],
  ['/event', '[{"id":1},{"id":2}]', 'None of the file\'s documents has an object at "/event"'],
  ['/event', '{"id":1,"x":2}\n{"id":2}\n', 'one of them has the keys "id", "x"'],
])('%s in %s is rejected', async (path, text, message) => {
  await expect(openAt(path, text)).rejects.toMatchObject({
    name: 'ContractMismatch',
    message: expect.stringContaining(message),
  });
});

test.each([
  ['EmptyFile', '{"d":[]}', 'The list at "/d" is empty'],
  ['EmptyFile', '[]', 'an empty JSON array'],
  ['UnreadableFile', '{"d":[{"id":1},{"id":2}', 'the file ends within'],
  ['UnreadableFile', '{"d":[{"id":1} {"id":2}]}', 'lacks a comma'],
  ['UnreadableFile', '{"d":[{"id":1},]}', 'a comma before the end of the array'],
  ['UnreadableFile', '{"d":[{"id":1]}', 'ends an array that was not begun'],
  ['UnreadableFile', '{"d":[{"id":1}]', 'the file ends within an object'],
  ['UnreadableFile', '{"d":[{"id":1}]}]', 'that was not begun'],
  ['UnreadableFile', '{"d":[{"id":1}]},{"d":[]}', 'outside of any record'],
  ['UnreadableFile', '{"d":[{"t":"a\nb"}]}', 'a text in a record goes over several lines'],
])('%s for %s', async (name, text, message) => {
  await expect(openAt('/d', text)).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
});

const settings = '    customProperties: [{ property: recordsPath, value: /event }]';
const columns = ['name: id, logicalType: integer, required: true', 'name: note, logicalType: string'];

test('objects within lines: a line without one is rejected, with its number and text', async () => {
  const lines = [
    '{"event":{"id":1,"note":"a"},"meta":1}',
    '',
    '{"event":[{"id":2}]}',
    '{"other":{"id":3}}',
    '{"event":{"id":4}',
    '{"event":{"id":5},"event":{"id":6}}',
    '{"event":{"id":"x"}}',
    '{"event":{"id":8},"event2":{}}',
  ];
  const staged = await stage(columns, `${lines.join('\n')}\n`, settings);
  expect(staged.all.filter(({ id }) => id !== null)).toEqual([
    { id: 1, note: 'a', _rescued: null },
    { id: 8, note: null, _rescued: null },
  ]);
  expect(staged.rows).toEqual({ read: 7, accepted: 2, rejected: 5 });
  expect(staged.reasons).toEqual({
    3: ['object'],
    4: ['object'],
    5: ['object'],
    6: ['object'],
    7: ['id.type'],
  });
  expect(staged.raw).toEqual(Object.fromEntries([3, 4, 5, 6, 7].map((line) => [line, lines[line - 1]])));
});

test('objects within the elements of an array, and within objects over several lines', async () => {
  const array = await stage(columns, '[{"event":{"id":1}},{"event":{"id":2,"x":3}},{"e":1}]', settings);
  expect(array.all.slice(0, 2)).toEqual([
    { id: 1, note: null, _rescued: null },
    { id: 2, note: null, _rescued: '{"x":3}' },
  ]);
  expect(array.reasons).toEqual({ 3: ['object'] });
  const spread = await stage(columns, '{\n"event": {"id": 1}\n}\n{\n"event": {"id": 2}\n}\n', settings);
  expect(spread.all.map(({ id }) => id)).toEqual([1, 2]);
});

test('elements of lists are judged one by one, by their number', async () => {
  const { all, reasons, raw } = await stage(
    columns,
    '{"event":[{"id":1},\n\n{"id":"x"},7,{"id":4,"id":5}]}',
    settings,
  );
  expect(all.map(({ id }) => id).filter((id) => id !== null)).toEqual([1, 4]);
  expect(reasons).toEqual({ 2: ['id.type'], 3: ['object'], 4: ['id.columns'] });
  expect(raw[3]).toBe('7');
});

test('a record that is too long is rejected, the others are read', async () => {
  const { source, malformed } = await openAt('/d', `{"d":[{"id":1,"t":"${'x'.repeat(5000)}"},{"id":2}]}`, {
    maxRecordBytes: 1000,
  });
  expect(source.records).toBe(1);
  expect(malformed).toMatchObject([{ line: 1, rule: 'length' }]);
});

test('a document of several megabytes is read through in pieces', async () => {
  const records = Array.from({ length: 8_000 }, (_, id) => ({ id, note: `{"[${'ü"\\'.repeat(id % 40)}` }));
  const opened = await openAt(
    '/page/items',
    JSON.stringify({ skipped: records, page: { items: records, n: 1 } }),
  );
  expect(valuesOf(opened)).toEqual(records);
});

test('any documents give the records that JSON.parse finds', async () => {
  await withOpener(({ open: openBytes }) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            before: fc.json(),
            records: fc.array(fc.object(), { maxLength: 4 }),
            after: fc.json(),
          }),
          { minLength: 1, maxLength: 3 },
        ),
        fc.constantFrom(0, 1, 2),
        async (documents, indent) => {
          const all = documents.flatMap(({ records }) => records);
          const text = documents
            .map(({ before, records, after }) =>
              JSON.stringify(
                {
                  before: JSON.parse(before),
                  'a/b': { x: { records: 1 }, records },
                  after: JSON.parse(after),
                },
                null,
                indent,
              ),
            )
            .join('\n');
          const opening = openBytes(text, { expected, reading: { recordsPath: '/a~1b/records' } });
          if (all.length === 0) await expect(opening).rejects.toMatchObject({ name: 'EmptyFile' });
          else expect(valuesOf(await opening)).toEqual(JSON.parse(JSON.stringify(all)));
        },
      ),
      { numRuns: 25 },
    ),
  );
});
