import type { Partition } from '../../../lake/table/partition-names.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';

/** A text that is equal for partitions with equal values of the given fields. */
export const partitionKey = (partition: Partition, names: readonly string[]): string =>
  JSON.stringify(names.map((name) => partition[name] ?? null));

/**
 * The partitions of a gold table that are out of date: those that silver's commits have touched after the versions it was
 * built from, up to the given snapshots. `all` for a table without partitions when anything was touched, and when
 * silver's history no longer has all of these commits.
 *
 * @param names the gold table's partition fields, which silver's include
 * @param built silver version per dataset that the gold table was built from
 */
export const touchedSince = (
  names: readonly string[],
  built: Readonly<Record<string, number>>,
  now: ReadonlyMap<string, Pick<Snapshot, 'version' | 'history'> | undefined>,
): Partition[] | 'all' => {
  const touched = new Map<string, Partition>();
  for (const [dataset, current] of now) {
    const from = built[dataset] ?? 0;
    const to = current?.version ?? 0;
    if (to === from) continue;
    const commits = current?.history.filter(({ version }) => version > from) ?? [];
    // Silver has fewer versions than before if it was restored from a copy.
    if (to < from || commits.length < to - from) return 'all';
    for (const snapshot of commits.toReversed()) {
      if (snapshot.touched === 'all') return 'all';
      for (const partition of snapshot.touched) {
        if (names.length === 0 || !hasFields(partition, names)) return 'all';
        const own = Object.fromEntries(names.map((name) => [name, partition[name] ?? null]));
        touched.set(partitionKey(own, names), own);
      }
    }
  }
  return [...touched.values()];
};

/** Whether the rows of a silver partition all belong to one partition of the gold table. */
const hasFields = (partition: Partition, names: readonly string[]): boolean =>
  names.every((name) => partition[name] !== undefined);
