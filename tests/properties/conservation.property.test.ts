import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import type { Contract } from '../../shared/contract/model.ts';
import { literal } from '../../shared/duckdb/sql.ts';
import { withDuckDb } from '../../shared/duckdb/with-duckdb.ts';
import { scratch } from '../helpers/scratch.ts';
import { readReference } from '../unit/source/reference-csv.ts';
import {
  COLUMNS,
  expectedOutcome,
  messyContract,
  type Outcome,
  outcomeOf,
  type ReferenceRecord,
} from './messy.ts';

/** Runs per property; more of them look harder: `CONSERVATION_RUNS=5000 npx jest conservation`. */
const RUNS = Number(process.env.CONSERVATION_RUNS ?? 100);

let contract: Contract;
beforeAll(async () => {
  contract = await messyContract();
});

const conserves = ({ read, accepted, rejected, filtered, duplicate, lines, silver }: Outcome): void => {
  expect({ read, lines: lines.length }).toEqual({ read: accepted + rejected, lines: rejected });
  expect(accepted).toBe(silver.length + duplicate + filtered);
};

const holds = async (file: string | Uint8Array, records: readonly ReferenceRecord[]): Promise<void> => {
  const outcome = await outcomeOf(contract, file);
  conserves(outcome);
  if (records.length === 0) expect(outcome.error).toBe('EmptyFile');
  else
    expect({ ...outcome, lines: outcome.lines.toSorted((a, b) => a - b) }).toEqual(expectedOutcome(records));
};

const value = {
  id: fc.constantFrom('1', '2', '3', '4', ' 5 ', '6.0', '-7', '', ' ', 'x', '1.5', '9e9', '0x1F'),
  name: fc.constantFrom('a', 'drop', 'élan', 'naïve', '👍👍', 'too long', '', '  ', 'null', '\\', "'"),
  amount: fc.constantFrom('1', '.5', '1e3', '-1', 'nan', '', '1,5', '99999999999'),
  day: fc.constantFrom('2024-01-01', '2024-02-31', ' 2024-03-04', '', 'infinity', '01.02.2024'),
};

/** A field as some writer would put it, now and then wrongly. */
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
const newline = fc.oneof(
  { weight: 5, arbitrary: fc.constant('\n') },
  { weight: 1, arbitrary: fc.constantFrom('\r\n', '\r') },
);

const csv = fc
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

test('every record of a CSV file is in silver, refused, a duplicate or filtered, and at its line', async () => {
  await fc.assert(
    fc.asyncProperty(csv, async (text) => {
      const { rows, malformed } = readReference(text, ',', '"', COLUMNS.length);
      const records: ReferenceRecord[] = [...rows, ...malformed.map(({ line }) => ({ line }))].toSorted(
        (a, b) => a.line - b.line,
      );
      // The header is a record too.
      await holds(text, records.slice(1));
    }),
    { numRuns: RUNS },
  );
});

const jsonValue = (texts: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 8, arbitrary: texts },
    { weight: 2, arbitrary: fc.constantFrom(1, 2, 3, 0.5, null, true) },
    { weight: 1, arbitrary: fc.constantFrom({ x: 1 }, [], ['a'], 'a\u0000b', '"', '\n') },
  );
const document = fc.oneof(
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

/** Of the reference: what a JSON value is as text; nested ones fit nowhere. */
const textOf = (json: unknown): string | null =>
  json === undefined || json === null ? null : typeof json === 'object' ? '{nested}' : String(json);

const recordOf = (json: unknown, line: number): ReferenceRecord => {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return { line, fields: [] };
  return { line, fields: COLUMNS.map((name) => textOf((json as Record<string, unknown>)[name])) };
};

/** A file without any of the contract's names, or without the required ones, is refused as a whole. */
const refusedWhole = (documents: readonly unknown[]): boolean => {
  const keys = new Set(
    documents.flatMap((json) =>
      json !== null && typeof json === 'object' && !Array.isArray(json) ? Object.keys(json) : [],
    ),
  );
  return !keys.has('id') || !keys.has('name');
};

test('every element of a JSON array is in silver, refused, a duplicate or filtered, and at its place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(document, { maxLength: 20 }),
      fc.constantFrom(0, 1, 2),
      async (documents, indent) => {
        const text = JSON.stringify(documents, null, indent);
        if (documents.length > 0 && refusedWhole(documents))
          expect(await outcomeOf(contract, text)).toMatchObject({ error: 'ContractMismatch' });
        else
          await holds(
            text,
            documents.map((json, i) => recordOf(json, i + 1)),
          );
      },
    ),
    { numRuns: RUNS },
  );
});

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
const line = fc.oneof(
  { weight: 8, arbitrary: document.map((json) => ({ json, text: JSON.stringify(json) })) },
  { weight: 1, arbitrary: broken.map((text) => ({ json: undefined, text })) },
  { weight: 1, arbitrary: fc.constantFrom('', '  ', '\t').map((text) => ({ json: undefined, text })) },
);

test('every line of an NDJSON file is in silver, refused, a duplicate or filtered, and at its place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 20 }),
      newline,
      fc.boolean(),
      async (lines, ending, last) => {
        // The first line tells the format: it is a whole object here.
        const all = [
          { json: { id: 1, name: 'first' } as unknown, text: '{"id": 1, "name": "first"}' },
          ...lines,
        ];
        const text = all.map((one) => one.text).join(ending) + (last ? ending : '');
        const records = all.flatMap((one, i) => (one.text.trim() === '' ? [] : [recordOf(one.json, i + 1)]));
        await holds(text, records);
      },
    ),
    { numRuns: RUNS },
  );
});

const SAMPLE = 'id,name,amount,day\n1,a,2,2024-01-01\n2,"b\nc",.5,\n3,,x,2024-02-30\n';
const DOCUMENTS = '{"id": 1, "name": "a"}\n{"id": 2, "name": ["b"]}\n{"id": "x"}\n';
const SAMPLES = [
  SAMPLE,
  DOCUMENTS,
  `[${DOCUMENTS.trim().replaceAll('\n', ',')}]`,
  Buffer.from(`\ufeff${SAMPLE}`, 'utf16le'),
  gzipSync(SAMPLE),
  zstdCompressSync(SAMPLE),
].map((sample) => Buffer.from(sample));

/** Puts bytes into a file, in place of others, and cuts it off. */
const damaged = (samples: readonly Buffer[]): fc.Arbitrary<Buffer> =>
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

test('damaged files are read to the last record, or refused with one named error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged(SAMPLES), fc.uint8Array({ maxLength: 200 })), async (bytes) => {
      conserves(await outcomeOf(contract, bytes));
    }),
    { numRuns: RUNS },
  );
});

test('damaged Parquet is read whole, or refused with one named error', async () => {
  const folder = scratch();
  const sample = path.join(folder, 'sample.parquet');
  await withDuckDb({ memoryMb: 512, threads: 1, scratch: folder }, (db) =>
    db.run(`
      COPY (SELECT range AS id, 'n' || range % 50 AS name, range / 3 AS amount, DATE '2024-01-01' + range::INTEGER AS day, [range] AS extra FROM range(100))
      TO ${literal(sample)} (FORMAT parquet, COMPRESSION zstd)`),
  );
  const whole = await outcomeOf(contract, readFileSync(sample));
  expect(whole).toMatchObject({ read: 100, accepted: 100 });
  await fc.assert(
    fc.asyncProperty(damaged([readFileSync(sample)]), async (bytes) => {
      conserves(await outcomeOf(contract, bytes));
    }),
    { numRuns: RUNS },
  );
});
