import { literal } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import type { Field, Schema } from '../../../lake/iceberg/types.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import { localPaths, readFiles } from '../../../lake/table/read/table-view.ts';

export interface FilesOfSources {
  /** Files with rows of these sources only. */
  whole: DataFile[];
  /** Files with rows of other sources as well: compaction has merged them. */
  mixed: DataFile[];
}

/**
 * Which of a table's files hold rows of some sources. The bounds of `_source_id` tell, but for files of several
 * sources, which are looked into.
 */
export const filesOfSources = async (
  db: Db,
  files: readonly DataFile[],
  sources: readonly string[],
  { schema, store, scratch }: { schema: Schema; store: ObjectStore; scratch: string },
): Promise<FilesOfSources> => {
  const field = schema.fields.find(({ name }) => name === '_source_id') as Field;
  const found: FilesOfSources = { whole: [], mixed: [] };
  const doubtful: DataFile[] = [];
  for (const file of files) {
    const { lower, upper } = file.columns[field.id] ?? {};
    if (lower !== undefined && lower === upper) {
      if (sources.includes(lower)) found.whole.push(file);
    } else if (sources.some((id) => (lower ?? id) <= id && id <= (upper ?? id))) doubtful.push(file);
  }
  if (doubtful.length === 0) return found;
  const paths = await localPaths(
    store,
    scratch,
    doubtful.map(({ key }) => key),
  );
  const rows = await db.all<{ _path: string; others: number }>(
    `SELECT _path, count(*) FILTER (NOT wanted) AS others FROM (
       SELECT _path, _source_id IN (${sources.map(literal).join(', ')}) AS wanted
       FROM (${readFiles([...paths.values()], [field], { positions: true })}))
     GROUP BY _path HAVING count(*) FILTER (wanted) > 0`,
  );
  for (const file of doubtful) {
    const row = rows.find(({ _path }) => _path === paths.get(file.key));
    if (row !== undefined) (row.others === 0 ? found.whole : found.mixed).push(file);
  }
  return found;
};
