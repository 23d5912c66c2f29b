import { rm } from 'node:fs/promises';
import path from 'node:path';
import { batchesOf } from '../../../base/in-parallel.ts';
import type { Contract } from '../../../contract/model.ts';
import { ident } from '../../../engine/sql.ts';
import type { DataFile, TableColumn } from '../../../lake/table/data-file.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import { createTableView, localPaths, readFiles } from '../../../lake/table/read/table-view.ts';
import type { Workbench } from '../../../lake/table/workbench.ts';
import { ROW_IDENTITY, silverTableColumns } from '../../transform/silver-table.ts';
import { RELATION } from './relations.ts';

/** Rows of one data file that fulfil a condition. */
export interface MatchingFile {
  file: DataFile;
  /** All of them, and those that readers see. */
  rows: number;
  shown: number;
  sources: string[];
}

/** Data files that are local at a time. */
const BATCH = 256;

/** Key, number of rows, and the sources of the rows. */
interface Counted {
  path: string;
  rows: number;
  sources: string[];
}

/**
 * Finds the rows of silver that fulfil a condition, in one data file after the other. Rows that are deleted by position are
 * found too, since they lie in the files. Files do not change, so each is read once.
 */
export class MatchingRows {
  readonly #workbench: Workbench;
  readonly #contract: Contract;
  readonly #where: string;
  readonly #known = new Map<string, MatchingFile | undefined>();

  /** @param where SQL of one condition over the columns of the dataset's silver table */
  constructor(workbench: Workbench, contract: Contract, where: string) {
    this.#workbench = workbench;
    this.#contract = contract;
    this.#where = where;
  }

  /**
   * The files with matching rows.
   *
   * @param snapshot whose columns the files have
   * @param files of one snapshot. Where they are not, a file may be named for a row that only another version of its source has
   */
  async in(snapshot: Snapshot, files: readonly DataFile[]): Promise<MatchingFile[]> {
    const nameOf = ({ key, deletes }: DataFile): string => `${key}\0${deletes?.key ?? ''}`;
    const fresh = files.filter((file) => !this.#known.has(nameOf(file)));
    for (const batch of batchesOf(fresh, BATCH)) {
      const found = await this.#search(snapshot, batch);
      for (const file of batch) this.#known.set(nameOf(file), found.get(file.key));
    }
    return files.flatMap((file) => this.#known.get(nameOf(file)) ?? []);
  }

  /** Makes the table `forgotten` (`RELATION`) of the identities of the matching rows of these files, of one snapshot. */
  async collect(snapshot: Snapshot, files: readonly DataFile[]): Promise<void> {
    await this.#view(this.#workbench, silverTableColumns(this.#contract, snapshot), files, false);
    await this.#workbench.db.run(
      `CREATE OR REPLACE TEMP TABLE ${RELATION.forgotten} AS SELECT _source_id AS source, _row AS n ${this.#matching()}`,
    );
  }

  async #search(snapshot: Snapshot, files: readonly DataFile[]): Promise<Map<string, MatchingFile>> {
    const { db, store } = this.#workbench;
    const scratch = path.join(this.#workbench.scratch, 'searched');
    const workbench = { db, store, scratch };
    const columns = silverTableColumns(this.#contract, snapshot);
    const found = new Map<string, MatchingFile>();
    await this.collect(snapshot, files);
    const { any } = await db.one<{ any: boolean }>(`SELECT count(*) > 0 AS any FROM ${RELATION.forgotten}`);
    if (any) {
      const keys = files.map(({ key }) => key);
      const paths = await localPaths(workbench, keys);
      for (const { path: local, rows, sources } of await this.#countFiles([...paths.values()], columns)) {
        const file = files.find(({ key }) => paths.get(key) === local);
        if (file === undefined) continue;
        await this.#view(workbench, columns, [file], true);
        const { shown } = await db.one<{ shown: number }>(`SELECT count(*) AS shown ${this.#matching()}`);
        found.set(file.key, { file, rows, shown, sources });
      }
    }
    await rm(scratch, { recursive: true, force: true });
    return found;
  }

  #matching(): string {
    return `FROM silver.${ident(this.#contract.dataset)} WHERE (\n${this.#where}\n)`;
  }

  async #view(
    workbench: Workbench,
    columns: readonly TableColumn[],
    files: readonly DataFile[],
    withDeletes: boolean,
  ): Promise<void> {
    const read = withDeletes ? files : files.map(({ deletes: _, ...file }) => file);
    const name = { schema: 'silver', table: this.#contract.dataset };
    await createTableView(workbench, name, columns, read);
  }

  async #countFiles(paths: readonly string[], columns: readonly TableColumn[]): Promise<Counted[]> {
    const fields = columns.flatMap(({ name, field }) =>
      field !== undefined && ROW_IDENTITY.some((own) => own === name) ? [field] : [],
    );
    return await this.#workbench.db.all<Counted>(`
      SELECT _path AS path, count(*) AS rows, list(DISTINCT _source_id ORDER BY _source_id) AS sources
      FROM (${readFiles(paths, fields, { positions: true })})
      SEMI JOIN ${RELATION.forgotten} ON source = _source_id AND n = _row
      GROUP BY _path ORDER BY _path`);
  }
}
