import type { Contract } from '../contract/model.ts';
import { literalList } from '../engine/sql.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';

/** The rows that one run refused: an object in the quarantine zone. */
export interface RefusedRows {
  key: string;
  runId: string;
}

/**
 * The objects of refused rows by dataset: those of each dataset with a contract, and of each folder of files whose dataset
 * has none.
 *
 * @param wanted whether a dataset, or one of quarantine's two schemas, is needed; other datasets have an empty list, or none
 */
export const listRefused = async (
  store: ObjectStore,
  contracts: readonly Contract[],
  wanted: (name: string) => boolean,
): Promise<Map<string, RefusedRows[]>> => {
  const found = new Map<string, RefusedRows[]>(contracts.map(({ dataset }) => [dataset, []]));
  if (!wanted('quarantine') && !wanted('quarantine_history')) return found;
  for await (const { key } of store.list('')) {
    const [folder = '', kind, name = ''] = key.split('/');
    // SQL ignores the case of names, so files in a folder `Signups` belong to the view `signups` too.
    const dataset = folder.toLowerCase();
    if (kind !== 'rows' || !wanted(dataset)) continue;
    const own = found.get(dataset) ?? [];
    own.push({ key, runId: name.replace(/\.parquet$/, '') });
    found.set(dataset, own);
  }
  return found;
};

/** A FROM clause over local files of refused rows. Earlier releases may have written fewer columns. */
export const rowsIn = (paths: readonly string[]): string =>
  `FROM read_parquet(${literalList(paths)}, union_by_name = true, hive_partitioning = false)`;
