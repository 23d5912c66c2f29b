import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { container } from '../helpers/avro-container.ts';
import { sheetRow, workbookParts, zip } from '../helpers/zip.ts';
import { COLUMNS } from './messy.ts';

const value = {
  id: fc.constantFrom('1', '2', '3', '4', ' 5 ', '6.0', '-7', '', ' ', 'x', '1.5', '9e9', '0x1F'),
  name: fc.constantFrom('a', 'drop', 'élan', 'naïve', '👍👍', 'too long', '', '  ', 'null', '\\', "'"),
  amount: fc.constantFrom('1', '.5', '1e3', '-1', 'nan', '', '1,5', '99999999999'),
  day: fc.constantFrom('2024-01-01', '2024-02-31', ' 2024-03-04', '', 'infinity', '01.02.2024'),
};

/** A field of a CSV file, sometimes with wrong quotes. */
const written = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom(...COLUMNS), fc.boolean())
      .chain(([name, quoted]) =>
        value[name as keyof typeof value].map((text) => (quoted ? `"${text.replaceAll('"', '""')}"` : text)),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '"a\nb"',
      '"a\r\nb"',
      '"say ""hi"""',
      '"a,b"',
      'a"b',
      '"open',
      '"a" b',
      '\t',
      ' "q" ',
    ),
  },
);
const row = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        value.id,
        value.name,
        value.amount.filter((text) => !text.includes(',')),
        value.day,
      )
      .map((fields) => fields.join(',')),
  },
  {
    weight: 3,
    arbitrary: fc.array(written, { minLength: 1, maxLength: 6 }).map((fields) => fields.join(',')),
  },
  { weight: 1, arbitrary: fc.constant('') },
);
export const newline = fc.oneof(
  { weight: 5, arbitrary: fc.constant('\n') },
  { weight: 1, arbitrary: fc.constantFrom('\r\n', '\r') },
);

/** A CSV file with the contract's header and mixed newlines and quotes. */
export const csv = fc
  .tuple(
    fc.array(fc.tuple(row, newline), { maxLength: 30 }),
    fc.constantFrom('\n', '\r\n'),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([rows, ending, uniform, last]) => {
    const body = rows.map(([text, own]) => text + (uniform ? ending : own)).join('');
    return `${COLUMNS.join(',')}${ending}${last ? body : body.replace(/[\r\n]+$/, '')}`;
  });

const jsonValue = (texts: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 8, arbitrary: texts },
    { weight: 2, arbitrary: fc.constantFrom(1, 2, 3, 0.5, null, true) },
    { weight: 1, arbitrary: fc.constantFrom({ x: 1 }, [], ['a'], 'a\u0000b', '"', '\n') },
  );
/** A JSON record, or another value in its place. */
export const document = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      {
        id: jsonValue(value.id),
        name: jsonValue(value.name),
        amount: jsonValue(value.amount),
        day: jsonValue(value.day),
        'a/~b': fc.constant(1),
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom([1], 'text', 7, null, {}) },
);

const broken = fc.constantFrom(
  '{"id": 1,',
  '{"id": 1}}',
  '}',
  'id=1',
  '{"id": 01}',
  '{id: 1}',
  '{"name": "a" "b"}',
  '"',
  '[',
);
/** A line of NDJSON, and its value if it has one. */
export const line = fc.oneof(
  { weight: 8, arbitrary: document.map((json) => ({ json, text: JSON.stringify(json) })) },
  { weight: 1, arbitrary: broken.map((text) => ({ json: undefined, text })) },
  { weight: 1, arbitrary: fc.constantFrom('', '  ', '\t').map((text) => ({ json: undefined, text })) },
);

const SAMPLE = 'id,name,amount,day\n1,a,2,2024-01-01\n2,"b\nc",.5,\n3,,x,2024-02-30\n';
const DOCUMENTS = '{"id": 1, "name": "a"}\n{"id": 2, "name": ["b"]}\n{"id": "x"}\n';
const AVRO_SCHEMA = {
  type: 'record',
  name: 'messy',
  fields: [
    { name: 'id', type: ['null', 'long', 'string'] },
    { name: 'name', type: ['null', 'string', { type: 'array', items: 'string' }] },
    { name: 'day', type: ['null', { type: 'int', logicalType: 'date' }] },
    { name: 'raw', type: 'bytes' },
  ],
};
const avro = (codec: string): Buffer =>
  container(
    AVRO_SCHEMA,
    [
      [
        { id: 1, name: 'a', day: 19723, raw: Buffer.from('x') },
        { id: 2, name: ['b'], day: null, raw: Buffer.from([0xff]) },
      ],
      [{ id: 'x', name: null, day: null, raw: Buffer.alloc(0) }],
    ],
    { codec },
  );

const WORKBOOK = workbookParts(
  {
    S:
      sheetRow('id', 'name', 'amount', 'day') +
      sheetRow('1', '<c t="s"><v>0</v></c>', '<c><v>2.50</v></c>', '<c s="1"><v>45292</v></c>') +
      sheetRow('<c t="e"><v>#N/A</v></c>', 'b', '<c><f>A1</f></c>'),
  },
  { sharedStrings: '<si><t>a</t></si>', formats: ['yyyy-mm-dd'] },
);
/** A workbook whose parts are damaged where the archive is not. */
export const damagedWorkbook: fc.Arbitrary<Buffer> = fc
  .constantFrom(...Object.keys(WORKBOOK))
  .chain((name) =>
    damaged([Buffer.from(WORKBOOK[name] ?? '')]).map((part) => zip({ ...WORKBOOK, [name]: part })),
  );

/** One readable file of each kind. */
export const SAMPLES = [
  SAMPLE,
  DOCUMENTS,
  `[${DOCUMENTS.trim().replaceAll('\n', ',')}]`,
  Buffer.from(`\ufeff${SAMPLE}`, 'utf16le'),
  gzipSync(SAMPLE),
  zstdCompressSync(SAMPLE),
  avro('null'),
  avro('deflate'),
  zip(WORKBOOK),
].map((sample) => Buffer.from(sample));

/** Replaces bytes of a file, inserts some, and truncates it. */
export const damaged = (samples: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.constantFrom(...samples),
      fc.array(
        fc.tuple(
          fc.nat(10_000),
          fc.nat(4),
          fc.oneof(
            fc.uint8Array({ maxLength: 4 }),
            fc.constantFrom('"', '\n', '{', '[', ',', '\0', "'", '\\').map((text) => Buffer.from(text)),
          ),
        ),
        { maxLength: 4 },
      ),
      fc.option(fc.nat(10_000)),
    )
    .map(([sample, edits, cut]) => {
      const edited = edits.reduce((bytes, [at, removed, added]) => {
        const start = at % (bytes.length + 1);
        return Buffer.concat([bytes.subarray(0, start), added, bytes.subarray(start + removed)]);
      }, sample);
      return cut === null ? edited : edited.subarray(0, cut % (edited.length + 1));
    });
