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
import { listRefused } from './refused-rows.ts';
import type { When } from './when.ts';

export interface AttachOptions {
  /**
   * Whether a table of this name is needed, in any zone; the others become empty views. Default: all are needed. The
   * files of a needed table are downloaded from S3. For quarantine it is also asked about the schemas' names.
   */
  wanted?: (name: string) => boolean;
  /** Shows silver, gold, quarantine and runs as they were then, silver and gold with the columns of then. */
  at?: When;
  /** The only query that will run. Files that cannot hold rows for it are skipped. */
  sql?: string;
  /** Receives a sentence for each table that cannot be shown exactly as it was at that time. */
  remark?: (text: string) => void;
}

/**
 * Creates views over the committed lake: `silver.<dataset>`, `gold.<model>`, `quarantine.<dataset>`,
 * `quarantine_history.<dataset>` and `runs`. A table without commits is an empty view.
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
  const until = past?.time;
  const refused = await listRefused(lake.quarantine, contracts, wanted);
  // The runs decide which refused rows stand: all of them.
  const isJudging = [...refused.values()].some((objects) => objects.length > 0);
  // A query may also name the view `main.runs`, without the conditions.
  const isWhole = isJudging || /main/i.test(sql ?? '');
  const ofRuns = isWhole ? undefined : filters.get('.runs');
  const store = isJudging || wanted('runs') ? lake.gold : undefined;
  const runs = await attachRuns(db, store, path.join(scratch, 'gold'), until, ofRuns);
  const quarantine = { store: lake.quarantine, scratch: path.join(scratch, 'quarantine') };
  await attachQuarantine(db, quarantine, refused, runs, { wanted, filters, until });
};

const currentSnapshot = async (
  { name, store }: LakeTable,
  wanted: (table: string) => boolean,
): Promise<Snapshot | undefined> => (wanted(name) ? await new Table(store, name).current() : undefined);

/** The columns of a snapshot, with the names and types that they had in it. */
const columnsOf = ({ schema }: Snapshot): TableColumn[] =>
  schema.fields.map((field) => ({ name: field.name, type: storedType(field.type), field }));
