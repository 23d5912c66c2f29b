import path from 'node:path';
import { types } from 'node:util';
import type { Contract } from '../../contract/model.ts';
import { ident, literal } from '../../engine/sql.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import { ConservationBroken, EmptyFile } from '../../errors.ts';
import { asUnreadable, type OpenedSource } from '../../formats/open-source.ts';
import { bindColumns } from './bind-columns.ts';
import { recordsSql } from './records-sql.ts';
import { REASONS_TYPE, unpackReasons } from './row-check.ts';

export interface StagedRecords {
  /** Parquet of every record that could be parsed, in the source's order, with the columns that `recordsSql` yields. */
  records: string;
  /** Parquet of the rejected rows and the malformed records: `line`, `raw`, `reasons`. Absent when there are none. */
  rejected?: string;
  /** Parquet of `row` and `skipped`: how many malformed records lie directly before a parsed one. Absent when there are none. */
  gaps?: string;
  /** `rejected` includes malformed records. */
  rows: { read: number; accepted: number; rejected: number };
  unknownColumns: string[];
}

/**
 * How staged files are written. Only DuckDB reads them, a few times, before they are deleted. These options take about half
 * the time of plain zstd for about its size: version 2 stores numbers and lengths as differences, level 1 is the fastest,
 * and the limit avoids dictionaries that would be given up after a few thousand rows.
 */
const COPY_OPTIONS =
  'FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 4096';

/**
 * Types and checks every record of an opened source and writes the results into `scratch`.
 *
 * @throws ContractMismatch when the source's columns do not match the contract
 * @throws UnreadableFile when damage shows while the source is read
 * @throws EmptyFile when the source holds no record
 * @throws ConservationBroken when the number of records read or kept is not the expected one
 */
export const stageRecords = async (
  db: Db,
  contract: Contract,
  source: OpenedSource,
  scratch: string,
): Promise<StagedRecords> => {
  const records = path.join(scratch, 'records.parquet');
  const written = await writeRecords(db, contract, source, records);
  if (source.records !== undefined && written.Count !== source.records)
    throw new ConservationBroken(
      `The file holds ${source.records} records, DuckDB read ${written.Count}. Nothing was loaded; please report this file's shape.`,
    );
  const malformed = source.malformed?.count ?? 0;
  const read = written.Count + malformed;
  if (read === 0)
    throw new EmptyFile('The file holds no rows. Nothing to load; check the system that wrote it.');
  const { failed } = await db.one<{ failed: number }>(
    `SELECT count(_reasons) AS failed FROM read_parquet(${literal(records)})`,
  );
  const rejected = failed + malformed;
  const rows = { read, accepted: written.Count - failed, rejected };
  const { unknownColumns } = written;
  if (rejected === 0) return { records, rows, unknownColumns };
  const file = path.join(scratch, 'rejected.parquet');
  const kept = await db.one<{ Count: number }>(
    `COPY (${rejectedSql(source, records)}) TO ${literal(file)} (${COPY_OPTIONS})`,
  );
  if (kept.Count !== rejected)
    throw new ConservationBroken(
      `${rejected} rows were rejected, ${kept.Count} of them kept. Nothing was loaded.`,
    );
  const gaps = await writeGaps(db, source, scratch);
  return { records, rejected: file, ...(gaps !== undefined && { gaps }), rows, unknownColumns };
};

/** Types and checks every record. Texts are read as bytes where one of them is no UTF-8: it rejects its row only. */
const writeRecords = async (
  db: Db,
  contract: Contract,
  source: OpenedSource,
  records: string,
): Promise<{ Count: number; unknownColumns: string[] }> => {
  const described = await describeSource(db, contract, source);
  const bindings = bindColumns(contract, described.columns, source.shape === 'documents');
  try {
    const { Count } = await reading(() =>
      db.one<{ Count: number }>(
        `COPY (${recordsSql(contract, { ...source, ...described }, bindings)}) TO ${literal(records)} (${COPY_OPTIONS})`,
      ),
    );
    return { Count, unknownColumns: bindings.unknown.map((index) => described.columns[index] ?? '') };
  } catch (error) {
    if (source.asBytes === undefined || !isAboutUtf8(error)) throw error;
    const { asBytes, ...once } = source;
    return await writeRecords(db, contract, { ...once, relation: await asBytes() }, records);
  }
};

const isAboutUtf8 = (error: unknown): boolean =>
  types.isNativeError(error) &&
  types.isNativeError(error.cause) &&
  /^Invalid Input Error: Invalid string encoding/.test(error.cause.message);

const writeGaps = async (db: Db, source: OpenedSource, scratch: string): Promise<string | undefined> => {
  if (source.malformed === undefined) return undefined;
  const gaps = path.join(scratch, 'gaps.parquet');
  await db.run(`COPY (SELECT row, CAST(count(*) AS BIGINT) AS skipped
    FROM read_json(${literal(source.malformed.path)}, format = 'newline_delimited', columns = {'row': 'BIGINT'})
    GROUP BY row ORDER BY row) TO ${literal(gaps)} (${COPY_OPTIONS})`);
  return gaps;
};

/** Keys that are listed at most: where ids are used as keys, there may be as many as rows. */
const MAX_KEYS = 10_000;

/**
 * Column names and types. For documents, the names are their keys: those of the contract in every spelling that occurs,
 * then others up to MAX_KEYS. Other keys are rescued whether they are listed or not.
 */
const describeSource = async (
  db: Db,
  contract: Contract,
  source: OpenedSource,
): Promise<{ columns: readonly string[]; types: readonly string[]; repeats: boolean }> => {
  if (source.shape === 'columns') {
    const described = await db.describe(`SELECT * FROM ${source.relation}`);
    return { columns: source.columns, types: described.map(({ type }) => type), repeats: false };
  }
  const names = contract.columns.flatMap(({ name, sourceName }) => [name, sourceName.trim()]).map(lowerCase);
  // Most records share their list of keys: few lists are left to look at.
  const keys = await reading(() =>
    db.all<{ key: string; repeats: boolean }>(`
      WITH lists AS (SELECT DISTINCT TRY(json_keys(doc)) AS keys FROM ${source.relation})
      FROM (SELECT DISTINCT unnest(keys) AS key FROM lists),
        (SELECT coalesce(bool_or(list_unique(keys) < len(keys)), false) AS repeats FROM lists)
      ORDER BY lower(trim(key)) IN (${names.map(literal).join(', ')}) DESC, key
      LIMIT ${MAX_KEYS}`),
  );
  return { columns: keys.map(({ key }) => key), types: [], repeats: keys[0]?.repeats === true };
};

const lowerCase = (name: string): string => name.toLowerCase();

const rejectedSql = (source: OpenedSource, records: string): string => {
  const failed = `SELECT file_row_number AS row, _raw AS raw, ${unpackReasons('_reasons')} AS reasons
    FROM read_parquet(${literal(records)}, file_row_number = true) WHERE _reasons IS NOT NULL`;
  const shifted =
    source.lineShifts === undefined
      ? `SELECT row + ${source.firstLine} AS line, raw, reasons FROM (${failed})`
      : `SELECT r.row + ${source.firstLine} + coalesce(s.shift, 0) AS line, raw, reasons FROM (${failed}) AS r
         ASOF LEFT JOIN (FROM read_csv(${literal(source.lineShifts.path)}, auto_detect = false, header = true,
           columns = {'row': 'BIGINT', 'shift': 'BIGINT'})) AS s ON r.row >= s.row`;
  if (source.malformed === undefined) return `${shifted} ORDER BY line`;
  return `(${shifted}) UNION ALL (
    SELECT line, raw, CAST([{'column': NULL, 'rule': rule, 'dimension': 'conformity', 'expected': message, 'value': NULL}] AS ${REASONS_TYPE})
    FROM read_json(${literal(source.malformed.path)}, format = 'newline_delimited',
      columns = {${['line BIGINT', 'raw VARCHAR', 'rule VARCHAR', 'message VARCHAR']
        .map((column) => column.split(' '))
        .map(([name, type]) => `${ident(name ?? '')}: ${literal(type ?? '')}`)
        .join(', ')}}))
    ORDER BY line`;
};

/** Some damage shows only while the whole file is read, such as a broken page in Parquet or a JSON array that is cut off. */
const reading = async <T>(read: () => Promise<T>): Promise<T> => {
  try {
    return await read();
  } catch (error) {
    throw asUnreadable(error);
  }
};
