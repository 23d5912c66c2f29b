import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { evaluateIn, loadContract } from '../../shared/contract/load.ts';
import type { Contract } from '../../shared/contract/model.ts';
import { literal } from '../../shared/engine/sql.ts';
import type { Row } from '../../shared/engine/values.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import { openSource } from '../../shared/formats/open-source.ts';
import { type StagedRecords, stageRecords } from '../../shared/stages/validate/stage-records.ts';
import { contractYaml, sqlDirWith } from './contracts.ts';
import { withOwnDatabase } from './duckdb.ts';
import { scratch } from './scratch.ts';

/**
 * A contract of `orders`.
 *
 * @param properties each one line of YAML
 * @param more further YAML of the schema object
 */
export const contractOf = async (db: Db, properties: readonly string[], more = ''): Promise<Contract> => {
  const body = `properties:\n${properties.map((property) => `      - { ${property} }`).join('\n')}\n${more}`;
  const sqlDir = sqlDirWith({ 'orders/contract.yaml': contractYaml(body) });
  return await loadContract(sqlDir, 'orders', evaluateIn(db));
};

export const inDuckDb = <T>(work: (db: Db) => Promise<T>): Promise<T> => withOwnDatabase(work);

export interface Staged extends StagedRecords {
  /** All parsed records, rejected ones too, with `_rescued`. */
  all: Row[];
  /** `line` → reasons as `column.rule`. */
  reasons: Record<number, string[]>;
  /** `line` → the record's text in the file. */
  raw: Record<number, string>;
}

/** Stages a file, which is given as bytes or as a SELECT whose result is written as Parquet. */
export const stage = (
  properties: readonly string[],
  file: string | Buffer | { parquet: string },
  more = '',
): Promise<Staged> =>
  inDuckDb(async (db) => {
    const folder = scratch();
    const local = path.join(folder, 'source');
    if (typeof file === 'string' || Buffer.isBuffer(file)) writeFileSync(local, file);
    else await db.run(`COPY (${file.parquet}) TO ${literal(local)} (FORMAT parquet)`);
    const contract = await contractOf(db, properties, more);
    const source = await openSource(local, {
      db,
      scratch: folder,
      expected: contract.columns,
      ...(contract.reading !== undefined && { reading: contract.reading }),
      maxUnpackedBytes: 1e9,
      maxRecordBytes: 1e6,
    });
    const staged = await stageRecords(db, contract, source, folder);
    const all = await db.all(
      `SELECT * EXCLUDE (_reasons, _raw) FROM read_parquet(${literal(staged.records)})`,
    );
    const rejected =
      staged.rejected === undefined
        ? []
        : await db.all<{ line: number; raw: string; reasons: { column: string | null; rule: string }[] }>(
            `FROM read_parquet(${literal(staged.rejected)})`,
          );
    return {
      ...staged,
      all,
      reasons: Object.fromEntries(
        rejected.map(({ line, reasons }) => [
          line,
          reasons.map(({ column, rule }) => (column === null ? rule : `${column}.${rule}`)),
        ]),
      ),
      raw: Object.fromEntries(rejected.map(({ line, raw }) => [line, raw])),
    };
  });
