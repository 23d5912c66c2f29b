import type { ObjectStore } from '../storage/object-store.ts';
import type { Snapshot } from '../table/snapshot.ts';
import { Table } from '../table/table.ts';

export type Partition = Record<string, string | null>;

/** Past so many commits since the last build, reading each costs more than building everything. */
const MOST_COMMITS = 200;

/** A partition as a text that is equal for equal values of the given columns. */
export const partitionKey = (partition: Partition, columns: readonly string[]): string =>
  JSON.stringify(columns.map((column) => partition[column] ?? null));

/** Whether a silver partition says in which of the gold table's partitions its rows belong. */
export const hasColumns = (partition: Partition, columns: readonly string[]): boolean =>
  columns.every((column) => partition[column] !== undefined);

/**
 * Which partitions of a gold table are out of date: those touched by silver's commits after the versions it was
 * built from, up to the given snapshots. `all` for a table without partitions that anything touched.
 *
 * @param columns the gold table's partition columns, which silver's include
 * @param built silver version per dataset that the gold table was built from
 */
export const touchedSince = async (
  silver: ObjectStore,
  columns: readonly string[],
  built: Readonly<Record<string, number>>,
  now: ReadonlyMap<string, Snapshot | undefined>,
): Promise<Partition[] | 'all'> => {
  const touched = new Map<string, Partition>();
  for (const [dataset, current] of now) {
    const from = built[dataset] ?? 0;
    const to = current?.version ?? 0;
    if (to === from) continue;
    // Silver has fewer versions than it had where somebody restored it from a copy.
    if (to < from || to - from > MOST_COMMITS) return 'all';
    for (let version = from + 1; version <= to; version++) {
      const snapshot = version === to ? current : await new Table(silver, dataset).at(version);
      if (snapshot === undefined || snapshot.touched === 'all') return 'all';
      for (const partition of snapshot.touched) {
        if (columns.length === 0 || !hasColumns(partition, columns)) return 'all';
        const own = Object.fromEntries(columns.map((column) => [column, partition[column] ?? null]));
        touched.set(partitionKey(own, columns), own);
      }
    }
  }
  return [...touched.values()];
};
