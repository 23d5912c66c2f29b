import { createHash } from 'node:crypto';
import path from 'node:path';
import { loadContract } from '../../shared/contract/load.ts';
import type { Contract } from '../../shared/contract/model.ts';
import type { Row } from '../../shared/engine/values.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { Table, type TableOptions } from '../../shared/lake/table/commit/table.ts';
import type { DataFile } from '../../shared/lake/table/data-file.ts';
import type { Snapshot } from '../../shared/lake/table/read/snapshot.ts';
import { writeFiles } from '../../shared/lake/table/write/write-files.ts';
import { identify, type RunIdentity } from '../../shared/run/run-identity.ts';
import { commitSilver, type SilverCommit } from '../../shared/stages/load-to-gold/silver/commit-silver.ts';
import { attachSilver } from '../../shared/stages/transform/attach-silver.ts';
import { silverLayout, silverSchema } from '../../shared/stages/transform/silver-table.ts';
import { type StagedSilver, stagedLayout } from '../../shared/stages/transform/staged-silver.ts';
import { withOwnDatabase } from './duckdb.ts';
import { datasets } from './pipeline.ts';
import { scratch } from './scratch.ts';

export const testDb = async <T>(work: (db: Db, folder: string) => Promise<T>): Promise<T> => {
  const folder = scratch();
  return await withOwnDatabase((db) => work(db, folder));
};

/** The text of a contract with these properties and custom properties, each a YAML flow mapping. */
export const contractYaml = (
  dataset: string,
  properties: readonly string[],
  custom: readonly string[] = [],
): string =>
  [
    'apiVersion: v3.1.0',
    'kind: DataContract',
    `id: ${dataset}`,
    'version: 1.0.0',
    'status: active',
    'schema:',
    `  - name: ${dataset}`,
    '    properties:',
    ...properties.map((property) => `      - ${property}`),
    ...(custom.length === 0 ? [] : ['    customProperties:', ...custom.map((each) => `      - ${each}`)]),
  ].join('\n');

export const latestBy = (order: string): string => `{ property: dedupeOrderBy, value: ${order} }`;

/** The contract of the dataset `t` with these properties. */
export const contractOf = async (
  properties: readonly string[],
  custom: readonly string[] = [],
  files: Readonly<Record<string, string>> = {},
): Promise<Contract> =>
  await loadContract(datasets({ 't/contract.yaml': contractYaml('t', properties, custom), ...files }), 't');

/** Names of columns that duckstep's own SQL uses for something else. */
export const NAMES_WITHIN =
  'accepted bits Block cleaned contender deleted distinct file filename hidden last n part place rescued rows silver some source staged t'.split(
    ' ',
  );

/** The run of the `turn`th upload of a file: later turns are later uploads and later versions. */
export const runOf = (file: string, turn: number): RunIdentity => {
  const at = new Date(Date.UTC(2024, 0, 1, 0, 0, turn)).toISOString();
  return identify({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: at,
    detail: {
      bucket: { name: 'raw' },
      object: { key: `t/${file}`, 'version-id': `v${turn}`, sequencer: turn.toString(16).padStart(16, '0') },
    },
  });
};

export type Loaded = Pick<SilverCommit, 'status' | 'version'>;

/** A silver table without the rest of the pipeline: rows are given as SQL, and committed as by LoadToGold. */
export class SilverLake {
  contract: Contract;
  readonly store: ObjectStore;
  readonly #withDb: typeof testDb;

  /** @param withDb opens DuckDB for one operation. Default: a new one for each */
  constructor(
    contract: Contract,
    store: ObjectStore = new FolderStore(scratch(), { name: 'silver' }),
    withDb: typeof testDb = testDb,
  ) {
    this.contract = contract;
    this.store = store;
    this.#withDb = withDb;
  }

  /**
   * Writes the files of a run as Transform does.
   *
   * @param rows a SELECT of the contract's columns
   */
  async stage(run: RunIdentity, rows: string): Promise<StagedSilver> {
    const { contract } = this;
    const columns = silverSchema(contract, await new Table(this.store, contract.dataset).current());
    return await this.#withDb(async (db, folder) => {
      const query = `SELECT *, '${run.run_id}' AS _run_id, '${run.source_id}' AS _source_id, row_number() OVER () AS _row, NULL::VARCHAR AS _rescued FROM (${rows})`;
      const files = await writeFiles({ db, store: this.store, scratch: folder }, query, {
        keyOf: (file) => lakePaths.data(contract.dataset, file),
        prefix: run.run_id,
        ...silverLayout(contract, columns),
      });
      const content = createHash('sha256').update(rows).digest('hex');
      return { content, ...stagedLayout(contract, columns), files, stagedAt: new Date().toISOString() };
    });
  }

  /** Commits the staged files. */
  async load(run: RunIdentity, staged: StagedSilver, options?: TableOptions): Promise<Loaded> {
    const { status, version } = await this.commit(run, staged, options);
    return { status, version };
  }

  /** The same, with all that the run is told. */
  async commit(run: RunIdentity, staged: StagedSilver, options?: TableOptions): Promise<SilverCommit> {
    return await this.#withDb((db, folder) =>
      commitSilver({ db, store: this.store, scratch: folder }, this.contract, run, staged, options),
    );
  }

  /** Stages and commits the `turn`th upload of a file. */
  async upload(file: string, turn: number, rows: string): Promise<Loaded> {
    const run = runOf(file, turn);
    return await this.load(run, await this.stage(run, rows));
  }

  /** The same; returns the rows that superseded others, and were superseded. */
  async counts(file: string, turn: number, rows: string): Promise<[superseding: number, superseded: number]> {
    const run = runOf(file, turn);
    const { superseding, superseded } = (await this.commit(run, await this.stage(run, rows))).rows;
    return [superseding, superseded];
  }

  async snapshot(): Promise<Snapshot> {
    const snapshot = await new Table(this.store, this.contract.dataset).current();
    if (snapshot === undefined) throw new Error('nothing is committed');
    return snapshot;
  }

  /** The newest snapshot's files that hold only rows of one source. */
  async filesOf(file: string): Promise<DataFile[]> {
    const [snapshot, { source_id }] = [await this.snapshot(), runOf(file, 0)];
    const id = snapshot.columnIds.current._source_id ?? 0;
    return (await snapshot.files()).filter(
      ({ columns }) => columns[id]?.lower === source_id && columns[id]?.upper === source_id,
    );
  }

  /** Rows of a query over `silver.<dataset>`. */
  async query(sql: string): Promise<Row[]> {
    const snapshot = await new Table(this.store, this.contract.dataset).current();
    return await this.#withDb(async (db, folder) => {
      await attachSilver({ db, store: this.store, scratch: folder }, this.contract, snapshot);
      return await db.all(sql);
    });
  }
}

/** `VALUES` of these rows as a SELECT with column names: `rowsSql('id, name', "(1, 'a')")`. */
export const rowsSql = (columns: string, ...rows: string[]): string =>
  `SELECT * FROM (VALUES ${rows.join(', ')}) AS v(${columns})`;

/** The keys of all objects with the prefix. */
export const keysIn = async (store: ObjectStore, prefix: string): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
};

export const fileName = (key: string): string => path.posix.basename(key);
