import { ident, identList } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { ModelFailed } from '../../../errors.ts';
import { runModel } from '../../transform/model-failure.ts';
import type { GoldModel } from './model-header.ts';
import { BUILT } from './relations.ts';

/**
 * Runs a model over the attached silver views, into the temporary table `BUILT`: the columns that its header declares,
 * in a fixed order of rows.
 *
 * @throws ModelFailed when its SQL fails, or its rows are not as its header says
 */
export const buildModel = async (db: Db, model: GoldModel): Promise<void> => {
  await checkColumns(db, model);
  const columns = model.columns.map(({ name, type }) => `CAST(${ident(name)} AS ${type}) AS ${ident(name)}`);
  await runGoldSql(model, () =>
    db.run(
      `CREATE OR REPLACE TEMP TABLE ${BUILT} AS SELECT ${columns.join(', ')} FROM (${model.sql}\n) ORDER BY ALL`,
    ),
  );
  await checkRequired(db, model);
  await checkKey(db, model);
};

const checkColumns = async (db: Db, model: GoldModel): Promise<void> => {
  const described = await runGoldSql(model, () => db.describe(`(${model.sql}\n)`));
  const produced = described.map(({ name }) => name);
  const declared = model.columns.map(({ name }) => name);
  const missing = declared.filter((name) => !produced.includes(name));
  const extra = produced.filter((name) => !declared.includes(name));
  if (missing.length + extra.length > 0)
    throw new ModelFailed(
      `Gold model ${model.file}: its header and its SELECT differ: declared but not produced [${missing.join(', ')}], ` +
        `produced but not declared [${extra.join(', ')}]. Fix it, deploy, and redrive.`,
    );
};

const checkRequired = async (db: Db, model: GoldModel): Promise<void> => {
  for (const { name } of model.columns.filter(({ required }) => required)) {
    const { nulls } = await db.one<{ nulls: number }>(
      `SELECT count(*) AS nulls FROM ${BUILT} WHERE ${ident(name)} IS NULL`,
    );
    if (nulls > 0)
      throw new ModelFailed(`Gold model ${model.file}: ${nulls} rows have no ${name}, which is required.`);
  }
};

const checkKey = async (db: Db, { file, primaryKey }: GoldModel): Promise<void> => {
  if (primaryKey.length === 0) return;
  const repeated = await db.all(
    `SELECT 1 AS found FROM ${BUILT} GROUP BY ${identList(primaryKey)} HAVING count(*) > 1 LIMIT 1`,
  );
  if (repeated.length > 0)
    throw new ModelFailed(`Gold model ${file}: rows share a primary key (${primaryKey.join(', ')}).`);
};

const runGoldSql = <T>({ file }: GoldModel, work: () => Promise<T>): Promise<T> =>
  runModel(`Gold model ${file}`, work);
