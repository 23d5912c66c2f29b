import path from 'node:path';
import type { Contract } from '../contract/model.ts';
import { ident } from '../duckdb/sql.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import { ConservationBroken, ModelFailed } from '../errors.ts';

/**
 * Checks the rows of `_cleaned` against the records of `accepted`: each record is among them once, or filtered
 * out, and required columns have their values.
 *
 * @param kept rows in `_cleaned`
 * @param accepted rows in `accepted`
 * @throws ModelFailed, ConservationBroken
 */
export const checkSilver = async (
  db: Db,
  contract: Contract,
  kept: number,
  accepted: number,
): Promise<void> => {
  if (contract.silverSql !== undefined) await checkRecords(db, contract, kept);
  // Without it every record is taken as it is: to count is enough, and costs no memory.
  else if (kept !== accepted)
    throw new ConservationBroken(
      `${accepted} rows were accepted, ${kept} written to silver. Nothing was committed.`,
    );
  await checkRequired(db, contract, kept);
};

/** Bits rather than distinct numbers: a hundred million records take 12 MB. DuckDB takes up to a billion. */
const checkRecords = async (db: Db, contract: Contract, kept: number): Promise<void> => {
  const { last } = await db.one<{ last: number }>('SELECT coalesce(max(_row), 0) AS last FROM accepted');
  const bits = (view: string): string =>
    `(SELECT bitstring_agg(_row, 1, ${Math.max(1, last)}) FROM ${view} WHERE _row BETWEEN 1 AND ${last})`;
  const { records } = await db.one<{ records: number }>(
    `SELECT coalesce(bit_count(${bits('_cleaned')} & ${bits('accepted')}), 0) AS records`,
  );
  if (records !== kept)
    throw new ModelFailed(
      `silver.sql of "${contract.dataset}" yields ${kept} rows for ${records} accepted records: a record may come out once or not at all, ` +
        'and keeps its _row. Look for a join that matches more than once; aggregate in gold. Mend it, deploy, and redrive.',
    );
};

const checkRequired = async (db: Db, contract: Contract, kept: number): Promise<void> => {
  const required = contract.columns.filter((column) => column.required);
  if (required.length === 0) return;
  const nulls = required.map(({ name }, i) => `count(*) FILTER (${ident(name)} IS NULL) AS n${i}`);
  const counts = await db.one<Record<string, number>>(`SELECT ${nulls.join(', ')} FROM _cleaned`);
  const broken = required.flatMap(({ name }, i) =>
    counts[`n${i}`] ? [`${counts[`n${i}`]} have no ${name}`] : [],
  );
  if (broken.length > 0)
    throw new ModelFailed(
      `The silver SQL of "${contract.dataset}" yields ${kept} rows, of which ${broken.join(', ')}: the contract requires it. ` +
        `Filter such rows out in ${path.dirname(contract.file)}/silver.sql, or change the contract; deploy, and redrive.`,
    );
};
