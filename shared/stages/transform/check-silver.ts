import path from 'node:path';
import type { Contract } from '../../contract/model.ts';
import { ident } from '../../engine/sql.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import { ConservationBroken, ModelFailed } from '../../errors.ts';
import type { Schema } from '../../lake/iceberg/types.ts';
import type { LocalFile } from '../../lake/table/write/write-files.ts';
import { RELATION } from './relations.ts';

export interface Written {
  /** Rows in `RELATION.cleaned`. */
  kept: number;
  /** Rows in `RELATION.accepted`, without superseded ones that were left out. */
  expected: number;
  /** The data files of `RELATION.cleaned`, and their columns. */
  files: readonly LocalFile[];
  schema: Schema;
}

/**
 * Checks the written rows against the accepted records: each record is among them once, or filtered out, and required
 * columns have their values.
 *
 * @throws ModelFailed, ConservationBroken
 */
export const checkSilver = async (
  db: Db,
  contract: Contract,
  { kept, expected, files, schema }: Written,
): Promise<void> => {
  if (contract.silverSql !== undefined) await checkRecords(db, contract, kept);
  // Without silver.sql every record is kept as it is: counting is enough, and costs no memory.
  else if (kept !== expected)
    throw new ConservationBroken(
      `${expected} accepted rows are the latest of their keys, ${kept} were written to silver. Nothing was committed.`,
    );
  await checkRequired(db, contract, { kept, files, schema });
};

/** Bits rather than distinct numbers: a hundred million records need 12 MB. DuckDB allows a billion. */
const checkRecords = async (db: Db, contract: Contract, kept: number): Promise<void> => {
  const { last } = await db.one<{ last: number }>(
    `SELECT coalesce(max(_row), 0) AS last FROM ${RELATION.accepted}`,
  );
  const bits = (view: string): string =>
    `(SELECT bitstring_agg(_row, 1, ${Math.max(1, last)}) FROM ${view} WHERE _row BETWEEN 1 AND ${last})`;
  const { records } = await db.one<{ records: number }>(
    `SELECT coalesce(bit_count(${bits(RELATION.cleaned)} & ${bits(RELATION.accepted)}), 0) AS records`,
  );
  if (records !== kept)
    throw new ModelFailed(
      `silver.sql of "${contract.dataset}" yields ${kept} rows for ${records} accepted records: a record may come out once or not at all, ` +
        'and keeps its _row. Look for a join that matches more than once; aggregate in gold. Fix it, deploy, and redrive.',
    );
};

const checkRequired = async (
  db: Db,
  contract: Contract,
  { kept, files, schema }: Omit<Written, 'expected'>,
): Promise<void> => {
  const broken: string[] = [];
  for (const { name, required } of contract.columns) {
    if (!required) continue;
    const nulls = nullsIn(files, schema, name) ?? (await countNulls(db, name));
    if (nulls > 0) broken.push(`${nulls} have no ${name}`);
  }
  if (broken.length > 0)
    throw new ModelFailed(
      `The silver SQL of "${contract.dataset}" yields ${kept} rows, of which ${broken.join(', ')}: the contract requires it. ` +
        (contract.silverSql === undefined
          ? `Change the column's transformLogic in ${contract.file}, or filter such rows out in a silver.sql beside it; deploy, and redrive.`
          : `Filter such rows out in ${path.dirname(contract.file)}/silver.sql, or change the contract; deploy, and redrive.`),
    );
};

/** NULLs that the writer has counted; undefined where it has not counted them. */
const nullsIn = (files: readonly LocalFile[], schema: Schema, name: string): number | undefined => {
  const field = schema.fields.find((each) => each.name === name);
  const counts = files.map(({ columns }) => (field === undefined ? undefined : columns[field.id]?.nulls));
  return counts.some((count) => count === undefined)
    ? undefined
    : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
};

const countNulls = async (db: Db, name: string): Promise<number> => {
  const { nulls } = await db.one<{ nulls: number }>(
    `SELECT count(*) AS nulls FROM ${RELATION.cleaned} WHERE ${ident(name)} IS NULL`,
  );
  return nulls;
};
