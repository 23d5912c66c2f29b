import { literal } from '../../../engine/sql.ts';
import type { Field, Schema } from '../../../lake/iceberg/types.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import { localPaths, readFiles } from '../../../lake/table/read/table-view.ts';
import type { Workbench } from '../../../lake/table/workbench.ts';

export interface FilesOfSources {
  /** Files with rows of these sources only. */
  whole: DataFile[];
  /** Files with rows of these and of other sources: compaction has merged them. */
  mixed: DataFile[];
}

/**
 * Finds the files of a table that hold rows of some sources. The bounds of `_source_id` decide, except for files of
 * several sources: DuckDB reads these.
 */
export const filesOfSources = async (
  workbench: Workbench,
  files: readonly DataFile[],
  sources: readonly string[],
  schema: Schema,
): Promise<FilesOfSources> => {
  const field = schema.fields.find(({ name }) => name === '_source_id') as Field;
  const found: FilesOfSources = { whole: [], mixed: [] };
  if (sources.length === 0) return found;
  const undecided: DataFile[] = [];
  for (const file of files) {
    const { lower, upper } = file.columns[field.id] ?? {};
    if (lower !== undefined && lower === upper) {
      if (sources.includes(lower)) found.whole.push(file);
    } else if (sources.some((id) => (lower ?? id) <= id && id <= (upper ?? id))) undecided.push(file);
  }
  if (undecided.length === 0) return found;
  const paths = await localPaths(
    workbench,
    undecided.map(({ key }) => key),
  );
  const rows = await workbench.db.all<{ _path: string; others: number }>(
    `SELECT _path, count(*) FILTER (NOT wanted) AS others FROM (
       SELECT _path, _source_id IN (${sources.map(literal).join(', ')}) AS wanted
       FROM (${readFiles([...paths.values()], [field], { positions: true })}))
     GROUP BY _path HAVING count(*) FILTER (wanted) > 0`,
  );
  for (const file of undecided) {
    const row = rows.find(({ _path }) => _path === paths.get(file.key));
    if (row !== undefined) (row.others === 0 ? found.whole : found.mixed).push(file);
  }
  return found;
};
