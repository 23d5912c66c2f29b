import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadContract } from '../../shared/contract/load.ts';
import type { Contract } from '../../shared/contract/model.ts';
import { literal } from '../../shared/engine/sql.ts';
import { withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { DATA_ERRORS } from '../../shared/errors.ts';
import { openSource } from '../../shared/formats/open-source.ts';
import { buildSilver } from '../../shared/stages/transform/build-silver.ts';
import { silverLayout, silverSchema } from '../../shared/stages/transform/silver-table.ts';
import { stageRecords } from '../../shared/stages/validate/stage-records.ts';
import { datasets } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';

export const COLUMNS = ['id', 'name', 'amount', 'day'];

/** A contract with a key, limits and an optional date, and a `silver.sql` that filters rows. */
export const messyContract = (): Promise<Contract> =>
  loadContract(
    datasets({
      'messy/contract.yaml': `apiVersion: v3.1.0
kind: DataContract
id: messy
version: 1.0.0
status: active
schema:
  - name: messy
    properties:
      - { name: id, logicalType: integer, primaryKey: true }
      - { name: name, logicalType: string, required: true, logicalTypeOptions: { maxLength: 5 } }
      - { name: amount, logicalType: number, logicalTypeOptions: { minimum: 0 } }
      - { name: day, logicalType: date }
`,
      'messy/silver.sql': "select * from accepted where name <> 'drop'",
    }),
    'messy',
  );

/** The result for each record of a file. */
export interface Outcome {
  /** The name of the data error, if the file is quarantined whole. */
  error?: string;
  read: number;
  accepted: number;
  rejected: number;
  filtered: number;
  duplicate: number;
  /** The lines of the rejected records. */
  lines: number[];
  silver: { id: number; name: string; _row: number }[];
}

const QUARANTINED_WHOLE: Outcome = {
  read: 0,
  accepted: 0,
  rejected: 0,
  filtered: 0,
  duplicate: 0,
  lines: [],
  silver: [],
};

/**
 * Validates and transforms a file.
 *
 * @throws every error that is not a data error
 */
export const outcomeOf = async (contract: Contract, file: string | Uint8Array): Promise<Outcome> => {
  const folder = scratch();
  const local = path.join(folder, 'file');
  writeFileSync(local, file);
  try {
    return await withDuckDb({ memoryMb: 512, threads: 2, scratch: folder }, async (db) => {
      const source = await openSource(local, {
        db,
        scratch: folder,
        expected: contract.columns,
        maxUnpackedBytes: 1e8,
        maxRecordBytes: 1e6,
      });
      const { records, rejected, rows } = await stageRecords(db, contract, source, folder);
      const run = {
        ...{ run_id: 'run', source_id: 'source', key: 't/file', uploaded_at: '2024-01-01T00:00:00.000Z' },
      };
      const silver = await buildSilver(
        { db, scratch: folder },
        contract,
        { records },
        run,
        silverLayout(contract, silverSchema(contract, undefined)),
      );
      const rejectedLines =
        rejected === undefined
          ? []
          : await db.all<{ line: number }>(`SELECT line FROM read_parquet(${literal(rejected)})`);
      return {
        ...rows,
        filtered: silver.rows.filtered,
        duplicate: silver.rows.duplicate,
        lines: rejectedLines.map(({ line }) => line),
        silver: await db.all(`SELECT id, name, _row FROM (${silver.query}) ORDER BY _row`),
      };
    });
  } catch (error) {
    if (error instanceof Error && DATA_ERRORS.some((known) => error instanceof known))
      return { ...QUARANTINED_WHOLE, error: error.name };
    throw error;
  }
};

/** A record as a simple reader reads it: its first line, and its values unless it is malformed. */
export interface ReferenceRecord {
  line: number;
  fields?: (string | null)[] | undefined;
}

const blank = (text: string | null | undefined): boolean => /^[ \t\r\n]*$/.test(text ?? '');

/** Whether a record keeps the contract, decided by a few regular expressions. */
const fits = ([id, name, amount, day]: (string | null)[]): boolean =>
  /^\s*[+-]?\d+(\.0*)?\s*$/.test(id ?? '') &&
  Math.abs(Number(id)) < 2 ** 53 &&
  !blank(name) &&
  [...(name ?? '')].length <= 5 &&
  (blank(amount) ||
    (/^\s*\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(amount ?? '') && Number.isFinite(Number(amount)))) &&
  (blank(day) || /^\s*2024-0[1-9]-[0-2][1-8]\s*$/.test(day ?? ''));

/** The expected result for a file, computed without DuckDB and without the pipeline. */
export const expectedOutcome = (records: readonly ReferenceRecord[]): Outcome => {
  const parsed = records.flatMap(({ fields }) => (fields === undefined ? [] : [fields]));
  const good = parsed.flatMap((fields, i) => (fits(fields) ? [{ fields, _row: i + 1 }] : []));
  const kept = good.filter(({ fields }) => fields[1] !== 'drop');
  const latest = new Map(kept.map((row) => [Number(row.fields[0]), row]));
  return {
    read: records.length,
    accepted: good.length,
    rejected: records.length - good.length,
    filtered: good.length - kept.length,
    duplicate: kept.length - latest.size,
    lines: records.filter(({ fields }) => fields === undefined || !fits(fields)).map(({ line }) => line),
    silver: [...latest]
      .map(([id, { fields, _row }]) => ({ id, name: fields[1] ?? '', _row }))
      .toSorted((a, b) => a._row - b._row),
  };
};
