import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { DuckstepError } from '../../../shared/errors.ts';
import type { ExpectedColumn } from '../../../shared/formats/open-source.ts';
import { type Opened, type Opener, withOpener } from '../../helpers/opened.ts';
import { readReference, readRows, referenceRecords } from '../../helpers/reference-csv.ts';
import { casesOf, longTest } from '../../helpers/stress.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? casesOf({ quick: 20, stress: 300 }));
const EXPECTED: ExpectedColumn[] = [
  { sourceName: 'a', logicalType: 'string' },
  { sourceName: 'b', logicalType: 'integer' },
];

/** Undefined where the file was rejected with a named error; any other error fails the test. */
const tryOpen = async (opener: Opener, ...args: Parameters<Opener['open']>): Promise<Opened | undefined> => {
  try {
    return await opener.open(...args);
  } catch (error) {
    if (error instanceof DuckstepError) {
      expect(['UnreadableFile', 'EmptyFile', 'ContractMismatch']).toContain(error.name);
      return undefined;
    }
    throw error;
  }
};

const messy = (...pieces: string[]) =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(''));
const ALPHABET = ['a', 'b', '1', ',', ',', '"', '"', "'", ' ', '\n', '\n', '\r', '\r\n', ';', '\t', 'é', '|'];

/** One field in three has a quote, mostly a wrong one; most records have two columns. */
const almostCsv = fc
  .array(
    fc.tuple(
      fc.array(
        fc.oneof(
          { weight: 4, arbitrary: fc.constantFrom('x', '', '12', 'é', "it's", ' y ') },
          {
            weight: 2,
            arbitrary: fc.constantFrom('"q"', '"a,b"', '"a""b"', '""', '"a\nb"', '"a\r\nb"', '"\r"'),
          },
          { weight: 1, arbitrary: messy(...ALPHABET) },
        ),
        { minLength: 2, maxLength: 2 },
      ),
      fc.constantFrom('\n', '\n', '\n', '\r\n', '\n\n'),
    ),
    { maxLength: 12 },
  )
  .map((records) => `a,b\n${records.map(([fields, newline]) => fields.join(',') + newline).join('')}`);

const uniform = fc
  .tuple(almostCsv, fc.constantFrom('\n', '\r\n', '\r'))
  .map(([text, newline]) => text.replace(/\r\n|\n|\r/g, newline));

const expectLikeReference = (text: string, { source, rows, lines, malformed }: Opened): void => {
  const { delimiter = '', quote = '', header = false, columns } = source;
  const reference = readRows(text, { delimiter, quote, header, columns: columns.length });
  expect(rows.map((row) => row.map((value) => value ?? ''))).toEqual(
    reference.rows.map(({ fields }) => fields),
  );
  expect(lines).toEqual(reference.rows.map(({ line }) => line));
  expect(malformed.map(({ line, raw }) => ({ line, raw }))).toEqual(reference.malformed);
  expect(source.records).toBe(rows.length);
  expect(source.malformed?.count ?? 0).toBe(malformed.length);
};

test('messy text is read as a reference reader reads it', async () => {
  await withOpener((opener) =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(messy(...ALPHABET), almostCsv, uniform),
        fc.constantFrom([], EXPECTED),
        async (text, expected) => {
          const opened = await tryOpen(opener, text, { expected });
          if (opened?.source.format === 'csv') expectLikeReference(text, opened);
        },
      ),
      { numRuns: RUNS },
    ),
  );
});

const VALUES: Partial<Record<ExpectedColumn['logicalType'], string[]>> = {
  integer: ['1', '-20', ''],
  number: ['1.5', '2', ''],
  date: ['2024-01-05', ''],
};
const COLUMNS: ExpectedColumn[] = [
  { sourceName: 'id', logicalType: 'integer' },
  { sourceName: 'name', logicalType: 'string' },
  { sourceName: 'city', logicalType: 'string' },
  { sourceName: 'amount', logicalType: 'number' },
  { sourceName: 'day', logicalType: 'date' },
];

/** Columns, the header of a file, if it has one, and rows; a text may be a column's name. */
const headed = fc.shuffledSubarray(COLUMNS, { minLength: 2 }).chain((columns) => {
  const names = columns.map(({ sourceName }) => sourceName);
  const texts = [...names, 'x', 'it is', '"q"', '"a ""b"""', ''];
  return fc
    .constantFrom(
      ...[undefined, names, names.toReversed(), [...names, 'other'], names.slice(1)],
      names.with(0, 'other'),
    )
    .chain((header) => {
      const kinds = (header ?? names).map((name) => COLUMNS.find(({ sourceName }) => sourceName === name));
      const values = kinds.map((kind) =>
        fc.constantFrom(...(VALUES[kind?.logicalType ?? 'string'] ?? texts)),
      );
      return fc.record({
        columns: fc.constant(columns),
        header: fc.constant(header),
        rows: fc.array(fc.tuple(...values), { minLength: 1, maxLength: 8 }),
      });
    });
});

test('no row vanishes as a header, and no header is counted as a row', async () => {
  let read = 0;
  await withOpener((opener) =>
    fc.assert(
      fc.asyncProperty(
        headed,
        fc.constantFrom(',', ';', '\t', '|', '^', '\u0001'),
        async ({ columns, header, rows }, delimiter) => {
          // A first record of nothing but the contract's names is a header.
          const names = columns.map(({ sourceName }) => sourceName);
          fc.pre(header !== undefined || !rows[0]?.every((field) => names.includes(field)));
          const lines = [...(header ? [header] : []), ...rows].map((record) => record.join(delimiter));
          const text = lines.join('\n');
          const opened = await tryOpen(opener, text, { expected: columns });
          if (!opened) return;
          read++;
          const records = referenceRecords(text, delimiter, '"', true).length;
          expect(opened.source.header).toBe(header !== undefined);
          expect(opened.rows.length + opened.malformed.length).toBe(records - (header ? 1 : 0));
        },
      ),
      { numRuns: RUNS },
    ),
  );
  expect(read).toBeGreaterThan(RUNS / 3);
});

test('any bytes give a named error, or as many rows as counted, each at its line', async () => {
  const pieces = fc.constantFrom(
    0x61,
    0x31,
    0x2c,
    0x22,
    0x0a,
    0x0d,
    0x3b,
    0xc3,
    0xa9,
    0xff,
    0x00,
    0x7b,
    0x5b,
    0x20,
  );
  const bytes = fc.array(pieces, { maxLength: 60 }).map((list) => Uint8Array.from(list));
  const prefixed = fc.tuple(fc.constantFrom('', 'a,b\n', '\ufeffa,b\nc,d\n', '{"a":1}\n'), bytes);
  await withOpener((opener) =>
    fc.assert(
      fc.asyncProperty(prefixed, async ([prefix, tail]) => {
        const file = Buffer.concat([Buffer.from(prefix), tail]);
        const opened = await tryOpen(opener, file, { expected: EXPECTED });
        if (!opened) return;
        const { source, rows, malformed } = opened;
        expect(rows).toHaveLength(source.records);
        expect(malformed).toHaveLength(source.malformed?.count ?? 0);
        if (source.encoding === 'utf-8' && source.format !== 'json') {
          const physical = file
            .toString('utf8')
            .replace(/^\ufeff/, '')
            .split(/\r\n|\n|\r/);
          for (const { line, raw, rule } of malformed) {
            expect(raw.split(/\r\n|\n|\r/)[0]).toBe(physical[line - 1]);
            expect(rule === 'encoding' && isUtf8(file)).toBe(false);
          }
        }
      }),
      { numRuns: RUNS },
    ),
  );
});

test('records longer than the limit are malformed, and the next ones are not lost', async () => {
  const unquoted = almostCsv.map((text) => text.replaceAll('"', '_'));
  await withOpener((opener) =>
    fc.assert(
      fc.asyncProperty(unquoted, fc.integer({ min: 3, max: 12 }), async (text, maxRecordBytes) => {
        const opened = await tryOpen(opener, text, { expected: EXPECTED, maxRecordBytes });
        if (!opened) return;
        const { rows, malformed } = readReference(text, ',', '"', 2);
        const all = [
          ...rows.slice(1).map(({ line, fields }) => ({ line, raw: fields.join(',') })),
          ...malformed,
        ];
        const long = all
          .filter(({ raw }) => Buffer.from(raw).length > maxRecordBytes)
          .map(({ line }) => line);
        const tooLong = opened.malformed.filter(({ rule }) => rule === 'length').map(({ line }) => line);
        expect(tooLong).toEqual(long.sort((a, b) => a - b));
        expect(opened.rows.length + opened.malformed.length).toBe(all.length);
      }),
      { numRuns: RUNS },
    ),
  );
});

test('of a quoted record that is longer than the limit, one line at a time is malformed', async () => {
  await withOpener((opener) =>
    fc.assert(
      fc.asyncProperty(almostCsv, async (text) => {
        const opened = await tryOpen(opener, text, { expected: EXPECTED, maxRecordBytes: 8 });
        if (!opened) return;
        expect(opened.rows).toHaveLength(opened.source.records);
        expect(opened.malformed).toHaveLength(opened.source.malformed?.count ?? 0);
        const lines = [...opened.lines, ...opened.malformed.map(({ line }) => line)];
        expect(new Set(lines).size).toBe(lines.length);
      }),
      { numRuns: RUNS },
    ),
  );
});

longTest('files larger than the buffers are read like small ones', async () => {
  const values = [
    'x',
    '',
    'é',
    "it's",
    'a"b',
    '"q"',
    '"a,b"',
    '"a""b"',
    '"a\nb"',
    '"l1\r\nx,y"',
    ' "s" ',
    '"g"g',
    '1,2',
    '"',
  ];
  const pick = (i: number): string => values[(i * 7919) % values.length] ?? '';
  const records = Array.from(
    { length: 60_000 },
    (_, i) => [i, pick(i), pick(i >> 2), 'p'.repeat(i % 90)].join(',') + (i % 997 === 0 ? '\n' : ''),
  );
  await withOpener(async (opener) => {
    for (const [newline, chosen] of [
      ['\n', records],
      ['\r\n', records],
      ['\r\n', records.filter((_, i) => i % 4 === 0)],
    ] as const) {
      const text = ['id,a,b,c', ...chosen].join(newline);
      expectLikeReference(text, await opener.open(text, { expected: [] }));
    }
  });
});
