import { openLake } from '../../operate/local/lake.ts';
import { ident } from '../../shared/engine/sql.ts';
import type { Row } from '../../shared/engine/values.ts';
import { listTables, withWarehouse } from '../../shared/query/warehouse.ts';
import { config } from './engine.ts';

/** Columns that differ between two lakes with the same files: ids that are made of versions, times, usage. */
const OWN = [
  '_run_id',
  'run_id',
  'execution',
  'source_version',
  'source_sequencer',
  'uploaded_at',
  'finished_at',
];
const USED = [
  ...['duration_ms', 'gb_seconds', 'storage_gb_seconds', 'cost_usd', 'bytes_read', 'bytes_written'],
  ...['requests', 'requests_write', 'requests_read', 'requests_catalog'],
];

/** All rows of all tables, without the columns that do not follow from the files alone. */
export const lakeContent = (lakeFolder: string, sqlDir = config.sqlDir): Promise<Record<string, Row[]>> =>
  withWarehouse({ lake: openLake(lakeFolder), config: { ...config, sqlDir } }, async (db) => {
    const content: Record<string, Row[]> = {};
    for (const { schema, name } of await listTables(db)) {
      const table = `${ident(schema)}.${ident(name)}`;
      const kept = (await db.describe(`FROM ${table}`))
        .map((column) => column.name)
        .filter((column) => ![...OWN, ...USED].includes(column));
      content[`${schema}.${name}`] = await db.all(
        `SELECT ${kept.map(ident).join(', ')} FROM ${table} ORDER BY ALL`,
      );
    }
    return content;
  });
