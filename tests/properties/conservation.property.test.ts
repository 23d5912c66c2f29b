import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { Contract } from '../../shared/contract/model.ts';
import { literal } from '../../shared/engine/sql.ts';
import { withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { readReference } from '../helpers/reference-csv.ts';
import { scratch } from '../helpers/scratch.ts';
import { casesOf } from '../helpers/stress.ts';
import { csv, damaged, damagedWorkbook, document, line, newline, SAMPLES } from './generators.ts';
import {
  COLUMNS,
  expectedOutcome,
  messyContract,
  type Outcome,
  outcomeOf,
  type ReferenceRecord,
} from './messy.ts';

/** Runs per property. For a longer search: `CONSERVATION_RUNS=5000 npx jest conservation`. */
const RUNS = Number(process.env.CONSERVATION_RUNS ?? casesOf({ quick: 10, stress: 100 }));

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

test('every record of a CSV file is in silver, rejected, a duplicate or filtered, with its line', async () => {
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

/** The text of a JSON value in the reference; nested values fit no column. */
const textOf = (json: unknown): string | null =>
  json === undefined || json === null ? null : typeof json === 'object' ? '{nested}' : String(json);

const recordOf = (json: unknown, line: number): ReferenceRecord => {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return { line, fields: [] };
  return { line, fields: COLUMNS.map((name) => textOf((json as Record<string, unknown>)[name])) };
};

/** A file that has no name of the contract, or lacks a required one, is quarantined whole. */
const isQuarantinedWhole = (documents: readonly unknown[]): boolean => {
  const keys = new Set(
    documents.flatMap((json) =>
      json !== null && typeof json === 'object' && !Array.isArray(json) ? Object.keys(json) : [],
    ),
  );
  return !keys.has('id') || !keys.has('name');
};

test('every element of a JSON array is in silver, rejected, a duplicate or filtered, with its position', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(document, { maxLength: 20 }),
      fc.constantFrom(0, 1, 2),
      async (documents, indent) => {
        const text = JSON.stringify(documents, null, indent);
        if (documents.length > 0 && isQuarantinedWhole(documents))
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

test('every line of an NDJSON file is in silver, rejected, a duplicate or filtered, with its position', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 20 }),
      newline,
      fc.boolean(),
      async (lines, ending, last) => {
        // The format is detected by the first line, so that line is a whole object here.
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

test('damaged files are read to the last record, or fail with one named error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        { weight: 4, arbitrary: damaged(SAMPLES) },
        { weight: 1, arbitrary: damagedWorkbook },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
      ),
      async (bytes) => {
        conserves(await outcomeOf(contract, bytes));
      },
    ),
    { numRuns: RUNS },
  );
});

test('damaged Parquet is read whole, or fails with one named error', async () => {
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
