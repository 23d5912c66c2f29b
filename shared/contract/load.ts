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
import { type DatasetFolder, readContract } from './read-contract.ts';
import { checkSourceNames, selectsSource } from './source-relation.ts';
import { notOneSelect } from './sql-text.ts';
import { readYaml } from './yaml-file.ts';

const CONTRACT = 'contract.yaml';
const SILVER_SQL = 'silver.sql';

/** Names of folders and schemas of the lake itself, which no dataset may have. */
const RESERVED = ['gold', 'silver', 'raw', 'quarantine', 'runs'];

/**
 * Reads and checks `sql/<dataset>/contract.yaml` with the `silver.sql` and the reference files beside it.
 *
 * @param evaluate the DuckDB that checks patterns, limits and expressions. Default: one that is opened for this call
 * @throws UnknownDataset when the dataset has no contract
 * @throws ConfigurationError when the folder of datasets cannot be read
 * @throws ContractInvalid when there are mistakes; the message lists each with file, line and path
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

/** Names of the datasets that have a contract, sorted. Omits folders with an invalid name, which `loadAll` reports. */
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

/** Names of the subfolders; symbolic links to folders count. */
const foldersIn = async (sqlDir: string): Promise<string[]> => {
  try {
    const names = await readdir(sqlDir);
    const folders = await Promise.all(
      names.map((name) =>
        stat(path.join(sqlDir, name)).then(
          (stats) => stats.isDirectory(),
          // A broken link, or one to a folder that this process may not read.
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
 * Reads all contracts in the folder; returns those without mistakes.
 *
 * @param report receives the mistakes of all files. Default: throws if there are any
 * @throws ContractInvalid when there are mistakes and `report` throws it
 * @throws ConfigurationError when the folder of datasets cannot be read
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

/** The dataset's reference data: the CSV files in its folder. `silver.sql` reads each as `ref.<name>`. */
export const listReferences = async (folder: string): Promise<{ name: string; path: string }[]> =>
  (await readdir(folder))
    .filter((file) => file.endsWith('.csv'))
    .toSorted()
    .map((file) => ({ name: path.basename(file, '.csv'), path: path.join(folder, file) }));

/** Checks contracts in a DuckDB that is already open. */
export const evaluateIn =
  (db: Db): Evaluate =>
  async (sql) =>
    Object.values(await db.one(sql))[0];

/** Whether the text is a valid name for a dataset. */
export const isDatasetName = (name: string): boolean =>
  /^[a-z][a-z0-9_]{0,63}$/.test(name) && !RESERVED.includes(name);

/**
 * Contracts without mistakes, by folder, file and fingerprint: for a small file, parsing and checking its contract takes
 * longer than the rest of Validate.
 */
const checkedContracts = new LruCache<Contract>();

const readDataset = async (
  sqlDir: string,
  dataset: string,
  text: string,
  evaluate: Evaluate,
): Promise<{ contract?: Contract; problems: Problems[] }> => {
  const directory = path.join(sqlDir, dataset);
  const silverFile = path.join(directory, SILVER_SQL);
  const silverSql = await readIfThere(silverFile);
  const folder: DatasetFolder = {
    dataset,
    folder: directory,
    file: pathInMessages(sqlDir, dataset, CONTRACT),
    ...(silverSql !== undefined && { silverSql }),
    fingerprint: await fingerprint(directory, { [CONTRACT]: text, [SILVER_SQL]: silverSql ?? '' }),
  };
  const key = `${folder.folder}\0${folder.file}\0${folder.fingerprint}`;
  const known = checkedContracts.get(key);
  if (known !== undefined) return { contract: known, problems: [] };
  const silverProblems = new Problems(pathInMessages(sqlDir, dataset, SILVER_SQL));
  const wrong = silverSql === undefined ? undefined : notOneSelect(silverSql);
  if (wrong !== undefined) new Place(silverProblems).expected(wrong);
  const { value, problems } = readYaml(folder.file, text);
  if (!problems.isEmpty) return { problems: [problems, silverProblems] };
  const { contract, checks } = readContract(value, folder, problems);
  if (silverSql !== undefined && selectsSource(silverSql))
    checkSourceNames(silverSql, contract?.keyPattern, new Place(silverProblems));
  await runChecks(checks, evaluate);
  if (contract !== undefined && problems.isEmpty && silverProblems.isEmpty)
    checkedContracts.set(key, contract);
  return { ...(contract !== undefined && { contract }), problems: [problems, silverProblems] };
};

/** Checks read no data, so DuckDB gets the least memory that it runs in. */
const withOwnDuckDb = <T>(work: (evaluate: Evaluate) => Promise<T>): Promise<T> =>
  withScratch(os.tmpdir(), (scratch) =>
    withDuckDb({ memoryMb: 128, threads: 1, scratch }, (db) => work(evaluateIn(db))),
  );

/** A hash of all files on which a run's result depends: contract, `silver.sql` and reference data. */
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
