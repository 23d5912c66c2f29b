import path from 'node:path';
import type { Contract } from '../contract/model.ts';
import type { Db } from '../engine/with-duckdb.ts';
import { storedType } from '../lake/iceberg/duckdb-types.ts';
import type { Lake } from '../lake/paths.ts';
import { Table } from '../lake/table/commit/table.ts';
import { tableColumns } from '../lake/table/commit/table-schema.ts';
import type { TableColumn } from '../lake/table/data-file.ts';
import type { Snapshot } from '../lake/table/read/snapshot.ts';
import { createTableView } from '../lake/table/read/table-view.ts';
import type { GoldModel } from '../stages/load-to-gold/gold/model-header.ts';
import { asOf } from './as-of.ts';
import { attachQuarantine } from './attach-quarantine.ts';
import { attachRuns } from './attach-runs.ts';
import { type Filter, filtersOf } from './filters.ts';
import { fullName, type LakeTable, lakeTables } from './lake-tables.ts';
import { planFiles } from './plan-files.ts';
import type { When } from './when.ts';

export interface AttachOptions {
  /**
   * Whether a table of this name is needed, in any zone; the others become empty views. Default: all are needed. The
   * files of a needed table are downloaded from S3.
   */
  wanted?: (table: string) => boolean;
  /** Shows silver, gold and runs as they were then, with the columns of then. Quarantine has no history. */
  at?: When;
  /** The only query that will run. Files that cannot hold rows for it are skipped. */
  sql?: string;
  /** Receives a sentence for each table that cannot be shown exactly as it was at that time. */
  remark?: (text: string) => void;
}

/**
 * Creates views over the committed lake: `silver.<dataset>`, `gold.<model>`, `quarantine.<dataset>` and `runs`. A table
 * without commits is an empty view.
 *
 * @throws UsageError when `at` is a time or a snapshot that is not kept
 */
export const attachLake = async (
  db: Db,
  lake: Lake,
  contracts: readonly Contract[],
  models: readonly GoldModel[],
  scratch: string,
  { wanted = () => true, at, sql, remark }: AttachOptions = {},
): Promise<void> => {
  const tables = lakeTables(lake, contracts, models);
  const past = at && (await asOf(at, tables, ({ name }) => wanted(name)));
  for (const text of past?.remarks ?? []) remark?.(text);
  const filters = sql === undefined ? new Map<string, Filter[]>() : await filtersOf(db, sql);
  for (const table of tables) {
    const snapshot = past ? past.snapshots.get(table) : await currentSnapshot(table, wanted);
    const columns = past && snapshot ? columnsOf(snapshot) : tableColumns(snapshot, table.columns);
    const conditions = filters.get(fullName(table).toLowerCase()) ?? [];
    const files = snapshot ? await planFiles(db, snapshot, columns, conditions) : [];
    const view = { schema: table.zone, table: table.name };
    const workbench = { db, store: table.store, scratch: path.join(scratch, table.zone) };
    await createTableView(workbench, view, columns, files);
  }
  await attachQuarantine(db, lake.quarantine, contracts, path.join(scratch, 'quarantine'), wanted);
  // A query may also name the view `main.runs`, without the conditions.
  const ofRuns = /main/i.test(sql ?? '') ? [] : filters.get('.runs');
  await attachRuns(
    db,
    wanted('runs') ? lake.gold : undefined,
    path.join(scratch, 'gold'),
    past?.time,
    ofRuns,
  );
};

const currentSnapshot = async (
  { name, store }: LakeTable,
  wanted: (table: string) => boolean,
): Promise<Snapshot | undefined> => (wanted(name) ? await new Table(store, name).current() : undefined);

/** The columns of a snapshot, with the names and types that they had in it. */
const columnsOf = ({ schema }: Snapshot): TableColumn[] =>
  schema.fields.map((field) => ({ name: field.name, type: storedType(field.type), field }));
