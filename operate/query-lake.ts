import type { Resources } from '../shared/engine/resources.ts';
import type { Lake } from '../shared/lake/paths.ts';
import { mentions } from '../shared/query/mentions.ts';
import { openWarehouse, reportTo, type Warehouse, withWarehouse } from '../shared/query/warehouse.ts';
import type { QueryOptions } from './pipeline.ts';

/** `Pipeline.query` over a lake in any storage. */
export const queryLake = async <T>(
  source: { lake: Lake; config: Resources & { sqlDir: string } },
  { sql, at, observe }: QueryOptions,
  work: (warehouse: Warehouse) => Promise<T>,
): Promise<T> => {
  const remark = (text: string): void => observe?.({ type: 'remark', text });
  return await withWarehouse(
    source,
    (db) => work(openWarehouse(db)),
    {
      // A name that stands in the query for another reason costs a download only.
      wanted: (name) => sql === undefined || mentions(sql, name),
      remark,
      ...(at !== undefined && { at }),
      ...(sql !== undefined && { sql }),
    },
    // Without a query all tables must be there: an export is whole, or fails.
    sql === undefined ? undefined : reportTo(remark),
  );
};
