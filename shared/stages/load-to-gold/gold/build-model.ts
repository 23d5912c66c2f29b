import { failureReason } from '../../../engine/failure-reason.ts';
import { ident, identList } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { DuckstepError, ModelFailed } from '../../../errors.ts';
import type { GoldModel } from './model-header.ts';

/**
 * Runs a model over the silver views that are attached, into the temporary table `_built`: the columns that its
 * header declares, in a fixed order of rows.
 *
 * @throws ModelFailed when its SQL fails, or it does not produce what its header promises
 */
export const buildModel = async (db: Db, model: GoldModel): Promise<void> => {
  await checkColumns(db, model);
  const columns = model.columns.map(({ name, type }) => `CAST(${ident(name)} AS ${type}) AS ${ident(name)}`);
  await modelled(model, () =>
    db.run(
      `CREATE OR REPLACE TEMP TABLE _built AS SELECT ${columns.join(', ')} FROM (${model.sql}\n) ORDER BY ALL`,
    ),
  );
  await checkRequired(db, model);
  await checkKey(db, model);
};

const checkColumns = async (db: Db, model: GoldModel): Promise<void> => {
  const described = await modelled(model, () => db.describe(`(${model.sql}\n)`));
  const produced = described.map(({ name }) => name);
  const declared = model.columns.map(({ name }) => name);
  const missing = declared.filter((name) => !produced.includes(name));
  const extra = produced.filter((name) => !declared.includes(name));
  if (missing.length + extra.length > 0)
    throw new ModelFailed(
      `Gold model ${model.file}: its header and its SELECT differ: declared but not produced [${missing.join(', ')}], ` +
        `produced but not declared [${extra.join(', ')}]. Mend it, deploy, and redrive.`,
    );
};

const checkRequired = async (db: Db, model: GoldModel): Promise<void> => {
  for (const { name } of model.columns.filter(({ required }) => required)) {
    const { nulls } = await db.one<{ nulls: number }>(
      `SELECT count(*) AS nulls FROM _built WHERE ${ident(name)} IS NULL`,
    );
    if (nulls > 0)
      throw new ModelFailed(`Gold model ${model.file}: ${nulls} rows have no ${name}, which is required.`);
  }
};

const checkKey = async (db: Db, { file, primaryKey }: GoldModel): Promise<void> => {
  if (primaryKey.length === 0) return;
  const repeated = await db.all(
    `SELECT 1 AS found FROM _built GROUP BY ${identList(primaryKey)} HAVING count(*) > 1 LIMIT 1`,
  );
  if (repeated.length > 0)
    throw new ModelFailed(`Gold model ${file}: rows share a primary key (${primaryKey.join(', ')}).`);
};

const modelled = async <T>(model: GoldModel, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    // Want of memory is no mistake in the SQL.
    if (error instanceof DuckstepError) throw error;
    throw new ModelFailed(
      `Gold model ${model.file} fails: ${failureReason(error)}. Mend it, deploy, and redrive.`,
      { cause: error },
    );
  }
};
