import { inParallel } from '../base/in-parallel.ts';
import { UsageError } from '../errors.ts';
import { Table } from '../lake/table/commit/table.ts';
import type { Snapshot } from '../lake/table/read/snapshot.ts';
import { fullName, type LakeTable } from './lake-tables.ts';
import type { When } from './when.ts';

/** The lake as it was at one time. */
export interface AsOf {
  /** Milliseconds since 1970. */
  time: number;
  /** The snapshot of each wanted table; undefined if the table had no commit yet. */
  snapshots: ReadonlyMap<LakeTable, Snapshot | undefined>;
  /** A sentence for each table that may not be exactly as it was, because later snapshots have expired. */
  remarks: string[];
}

/** The newest snapshot of each table, read once, on first use. */
class NewestSnapshots {
  readonly #read = new Map<LakeTable, Promise<Snapshot | undefined>>();

  of(table: LakeTable): Promise<Snapshot | undefined> {
    const known = this.#read.get(table) ?? new Table(table.store, table.name).current();
    this.#read.set(table, known);
    return known;
  }

  async all(tables: readonly LakeTable[]): Promise<{ table: LakeTable; newest: Snapshot }[]> {
    const read = await inParallel(tables, async (table) => ({ table, newest: await this.of(table) }));
    return read.flatMap(({ table, newest }) => (newest === undefined ? [] : [{ table, newest }]));
  }
}

/**
 * Finds the wanted tables as they were: for each, the last snapshot that was committed by that time. The id of a snapshot
 * selects that snapshot of its table, and of all other tables the snapshots at the time of its commit.
 *
 * @param tables all tables of the lake; unwanted ones are read only to find a snapshot's id or the first commit
 * @throws UsageError when no table has the id, the time is before the first commit, or the snapshot has expired
 */
export const asOf = async (
  when: When,
  tables: readonly LakeTable[],
  wanted: (table: LakeTable) => boolean,
): Promise<AsOf> => {
  const newest = new NewestSnapshots();
  const [wantedTables, others] = [tables.filter(wanted), tables.filter((table) => !wanted(table))];
  const picked = 'snapshot' in when ? await pick(when.snapshot, [wantedTables, others], newest) : undefined;
  const time = 'time' in when ? when.time : (picked?.snapshot.entry['timestamp-ms'] ?? 0);
  const remarks: string[] = [];
  const committed = await newest.all(wantedTables);
  const snapshots = new Map(
    committed.map(({ table, newest }) => [
      table,
      table === picked?.table ? picked.snapshot : committedBy(time, table, newest, remarks),
    ]),
  );
  const isEmpty = committed.length > 0 && [...snapshots.values()].every((snapshot) => snapshot === undefined);
  if (isEmpty) throwIfBeforeHistory(time, [...committed, ...(await newest.all(others))]);
  return { time, snapshots, remarks };
};

/**
 * Finds the table that has the snapshot.
 *
 * @param groups tables in the order in which they are searched: those that the query names first
 */
const pick = async (
  id: number,
  groups: readonly (readonly LakeTable[])[],
  newest: NewestSnapshots,
): Promise<{ table: LakeTable; snapshot: Snapshot }> => {
  for (const group of groups)
    for (const { table, newest: last } of await newest.all(group)) {
      const snapshot = last.history.find((each) => each.id === id);
      if (snapshot !== undefined) return { table, snapshot };
    }
  const names = groups.flat().map(fullName).toSorted().join(', ');
  throw new UsageError(
    `No table has a snapshot ${id}: the id is wrong, or the snapshot has expired. \`duckstep history TABLE\` lists the snapshots of ${names}.`,
  );
};

/** The last snapshot that was committed by that time; undefined if the table had no commit yet. */
const committedBy = (
  time: number,
  table: LakeTable,
  newest: Snapshot,
  remarks: string[],
): Snapshot | undefined => {
  const { history } = newest;
  const at = history.findIndex(({ entry }) => entry['timestamp-ms'] <= time);
  const [found, next, oldest] = [history[at], history[at - 1], history.at(-1)];
  if (found === undefined && oldest !== undefined && oldest.version > 1)
    throw new UsageError(
      `${fullName(table)} cannot be read as of ${iso(time)}: its snapshots of that time have expired. The oldest that is kept is ${oldest.id}, committed at ${oldest.committedAt}; \`duckstep history ${fullName(table)}\` lists all.`,
    );
  if (found !== undefined && next !== undefined && next.version > found.version + 1)
    remarks.push(
      `${fullName(table)} is shown as of ${found.committedAt}: the snapshots between that and ${next.committedAt} have expired.`,
    );
  return found;
};

/**
 * Throws if no table of the lake had a commit by that time. If any table existed at that time, an empty result is correct.
 *
 * @throws UsageError when the time is before the first commit
 */
const throwIfBeforeHistory = (
  time: number,
  tables: readonly { table: LakeTable; newest: Snapshot }[],
): void => {
  const oldest = tables.flatMap(({ table, newest }) => {
    const snapshot = newest.history.at(-1);
    return snapshot === undefined ? [] : [{ table, snapshot }];
  });
  const [first] = oldest.toSorted(
    (a, b) => a.snapshot.entry['timestamp-ms'] - b.snapshot.entry['timestamp-ms'],
  );
  if (first === undefined || first.snapshot.entry['timestamp-ms'] <= time) return;
  // The first snapshots of a table have expired: it may have existed at that time.
  if (oldest.some(({ snapshot }) => snapshot.version > 1)) return;
  throw new UsageError(
    `Nothing was committed by ${iso(time)}: the first snapshot is ${first.snapshot.id} of ${fullName(first.table)}, committed at ${first.snapshot.committedAt}. \`duckstep history ${fullName(first.table)}\` lists its snapshots.`,
  );
};

const iso = (time: number): string => new Date(time).toISOString();
