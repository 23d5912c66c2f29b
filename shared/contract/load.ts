import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { LruCache } from '../base/lru-cache.ts';
import { withScratch } from '../engine/scratch.ts';
import { type Db, withDuckDb } from '../engine/with-duckdb.ts';
import { ConfigurationError, ContractInvalid, UnknownDataset } from '../errors.ts';
import { type Evaluate, runChecks } from './duckdb-checks.ts';
import type { Contract } from './model.ts';
import { pathInMessages } from './path-in-messages.ts';
import { Place, Problems, type Report, throwIfAny } from './problems.ts';
import { type Folder, readContract } from './read-contract.ts';
import { notOneSelect } from './sql-text.ts';
import { readYaml } from './yaml-file.ts';

const CONTRACT = 'contract.yaml';
const SILVER_SQL = 'silver.sql';

/** Folder and schema names of the lake itself. */
const RESERVED = ['gold', 'silver', 'raw', 'quarantine', 'runs'];

/**
 * Reads `sql/<dataset>/contract.yaml` and all that belongs to it.
 *
 * @param evaluate the caller's DuckDB, for what only DuckDB can tell (patterns, limits, expressions); without
 *   one an instance is opened for the purpose
 * @throws UnknownDataset when there is no such contract
 * @throws ConfigurationError when there is no such folder: no fault of the file's
 * @throws ContractInvalid listing every mistake with file, line, path, what was expected and what was found
 */
export const loadContract = async (
  sqlDir: string,
  dataset: string,
  evaluate?: Evaluate,
): Promise<Contract> => {
  const text = isDatasetName(dataset) ? await readIfThere(path.join(sqlDir, dataset, CONTRACT)) : undefined;
  if (text === undefined) await foldersIn(sqlDir);
  if (text === undefined)
    throw new UnknownDataset(
      `No contract for "${dataset}": expected ${pathInMessages(sqlDir, dataset, CONTRACT)}. Add the dataset's folder, or move the file below an existing dataset.`,
    );
  const read = (own: Evaluate) => readDataset(sqlDir, dataset, text, own);
  const { contract, problems } = await (evaluate === undefined ? withOwnDuckDb(read) : read(evaluate));
  throwIfAny(problems);
  if (contract === undefined)
    throw new ContractInvalid(
      `${pathInMessages(sqlDir, dataset, CONTRACT)} is empty: write the dataset's contract there.`,
    );
  return contract;
};

/** The datasets that have a contract, by name. A folder whose name cannot be one is none: `loadAll` reports it. */
export const listDatasets = async (sqlDir: string): Promise<string[]> =>
  (await contractFolders(sqlDir)).filter(isDatasetName);

const contractFolders = async (sqlDir: string): Promise<string[]> => {
  const names: string[] = [];
  for (const name of await foldersIn(sqlDir))
    if ((await readIfThere(path.join(sqlDir, name, CONTRACT))) !== undefined) names.push(name);
  return names.toSorted();
};

const unusableName = (sqlDir: string, name: string): Problems => {
  const problems = new Problems(pathInMessages(sqlDir, name));
  problems.add(
    [],
    `not a dataset name; rename the folder to [a-z][a-z0-9_]*, at most 64 characters, and none of ${RESERVED.join(', ')}`,
  );
  return problems;
};

/** Links to folders are folders. */
const foldersIn = async (sqlDir: string): Promise<string[]> => {
  try {
    const names = await readdir(sqlDir);
    const folders = await Promise.all(
      names.map((name) =>
        stat(path.join(sqlDir, name)).then(
          (stats) => stats.isDirectory(),
          // A link that leads nowhere, or to where nobody may look.
          () => false,
        ),
      ),
    );
    return names.filter((_, i) => folders[i]);
  } catch (error) {
    throw new ConfigurationError(
      `The folder of contracts, ${pathInMessages(sqlDir)}, cannot be read. Is DUCKSTEP_SQL_DIR right?`,
      { cause: error },
    );
  }
};

/**
 * Every contract below the folder that is without mistakes.
 *
 * @param report hears of the mistakes of the others
 * @throws ContractInvalid with the mistakes of all of them, unless `report` does otherwise
 */
export const loadAll = async (sqlDir: string, report: Report = throwIfAny): Promise<Contract[]> => {
  const problems: Problems[] = [];
  const contracts: Contract[] = [];
  const folders = await contractFolders(sqlDir);
  const datasets = folders.filter(isDatasetName);
  problems.push(...folders.filter((name) => !isDatasetName(name)).map((name) => unusableName(sqlDir, name)));
  await withOwnDuckDb(async (evaluate) => {
    for (const dataset of datasets) {
      const text = await readFile(path.join(sqlDir, dataset, CONTRACT), 'utf8');
      const read = await readDataset(sqlDir, dataset, text, evaluate);
      problems.push(...read.problems);
      if (read.contract !== undefined && read.problems.every(({ isEmpty }) => isEmpty))
        contracts.push(read.contract);
    }
  });
  report(problems);
  return contracts;
};

/** The dataset's reference data: every CSV in its folder, under the name that `silver.sql` reads it by (`ref.<name>`). */
export const listReferences = async (folder: string): Promise<{ name: string; path: string }[]> =>
  (await readdir(folder))
    .filter((file) => file.endsWith('.csv'))
    .toSorted()
    .map((file) => ({ name: path.basename(file, '.csv'), path: path.join(folder, file) }));

/** Lets contracts be checked on a DuckDB that is open anyway. */
export const evaluateIn =
  (db: Db): Evaluate =>
  async (sql) =>
    Object.values(await db.one(sql))[0];

/** Whether a dataset may be called so. */
export const isDatasetName = (name: string): boolean =>
  /^[a-z][a-z0-9_]{0,63}$/.test(name) && !RESERVED.includes(name);

/** Contracts by folder and fingerprint: to parse and check one again takes longer than a small file's whole Validate. */
const remembered = new LruCache<Contract>();

const readDataset = async (
  sqlDir: string,
  dataset: string,
  text: string,
  evaluate: Evaluate,
): Promise<{ contract?: Contract; problems: Problems[] }> => {
  const directory = path.join(sqlDir, dataset);
  const silverFile = path.join(directory, SILVER_SQL);
  const silverSql = await readIfThere(silverFile);
  const folder: Folder = {
    dataset,
    folder: directory,
    file: pathInMessages(sqlDir, dataset, CONTRACT),
    ...(silverSql !== undefined && { silverSql }),
    fingerprint: await fingerprint(directory, { [CONTRACT]: text, [SILVER_SQL]: silverSql ?? '' }),
  };
  const key = `${folder.folder}\0${folder.file}\0${folder.fingerprint}`;
  const known = remembered.get(key);
  if (known !== undefined) return { contract: known, problems: [] };
  const silverProblems = new Problems(pathInMessages(sqlDir, dataset, SILVER_SQL));
  const wrong = silverSql === undefined ? undefined : notOneSelect(silverSql);
  if (wrong !== undefined) new Place(silverProblems).expected(wrong);
  const { value, problems } = readYaml(folder.file, text);
  if (!problems.isEmpty) return { problems: [problems, silverProblems] };
  const reading = readContract(value, folder, problems);
  await runChecks(reading.checks, evaluate);
  const { contract } = reading;
  if (contract !== undefined && problems.isEmpty && silverProblems.isEmpty) remembered.set(key, contract);
  return { ...(contract !== undefined && { contract }), problems: [problems, silverProblems] };
};

/** Checks look at no data: the least that DuckDB runs in will do. */
const withOwnDuckDb = <T>(work: (evaluate: Evaluate) => Promise<T>): Promise<T> =>
  withScratch(os.tmpdir(), (scratch) =>
    withDuckDb({ memoryMb: 128, threads: 1, scratch }, (db) => work(evaluateIn(db))),
  );

/** Changes whenever the outcome of a run may change: contract, `silver.sql`, reference data. */
const fingerprint = async (folder: string, texts: Record<string, string>): Promise<string> => {
  const hash = createHash('sha256');
  const add = (name: string, content: string | Buffer): void => {
    hash.update(`${name}\0${Buffer.byteLength(content)}\0`).update(content);
  };
  for (const [name, content] of Object.entries(texts)) add(name, content);
  for (const reference of await listReferences(folder)) add(reference.name, await readFile(reference.path));
  return hash.digest('hex');
};

const readIfThere = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
};
