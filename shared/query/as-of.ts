import { inParallel } from '../base/in-parallel.ts';
import { UsageError } from '../errors.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { Table } from '../lake/table/commit/table.ts';
import type { Snapshot } from '../lake/table/read/snapshot.ts';
import type { When } from './when.ts';

/** A table of the lake as SQL names it. */
export interface LakeTable {
  zone: 'silver' | 'gold';
  name: string;
  store: ObjectStore;
}

/** The lake as it was. */
export interface AsOf {
  /** Milliseconds since 1970. */
  time: number;
  /** Of the wanted tables; undefined where the table had no commit yet. */
  snapshots: ReadonlyMap<LakeTable, Snapshot | undefined>;
  /** What is not exactly as it was: history gets thinner with age. */
  remarks: string[];
}

export const fullName = ({ zone, name }: LakeTable): string => `${zone}.${name}`;

/** Each table's newest snapshot, read when it is asked for, and once. */
class Newest {
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
 * What the wanted tables looked like then: of each the last snapshot that was committed by that time. A snapshot's id
 * picks that snapshot of its table, and of all other tables what they were when it was committed.
 *
 * @param tables of the lake; those that are not wanted are looked at only to find an id, or the beginning of history
 * @throws UsageError for an id that no table has, a time before the first commit, or one that is not kept
 */
export const asOf = async (
  when: When,
  tables: readonly LakeTable[],
  wanted: (table: LakeTable) => boolean,
): Promise<AsOf> => {
  const newest = new Newest();
  const [asked, others] = [tables.filter(wanted), tables.filter((table) => !wanted(table))];
  const picked = 'snapshot' in when ? await pick(when.snapshot, [asked, others], newest) : undefined;
  const time = 'time' in when ? when.time : (picked?.snapshot.entry['timestamp-ms'] ?? 0);
  const remarks: string[] = [];
  const there = await newest.all(asked);
  const snapshots = new Map(
    there.map(({ table, newest }) => [
      table,
      table === picked?.table ? picked.snapshot : committedBy(time, table, newest, remarks),
    ]),
  );
  const isEmpty = there.length > 0 && ![...snapshots.values()].some((snapshot) => snapshot !== undefined);
  if (isEmpty) notBeforeAll(time, [...there, ...(await newest.all(others))]);
  return { time, snapshots, remarks };
};

/** Looks in the tables that the query names before it looks in all others. */
const pick = async (
  id: number,
  groups: readonly (readonly LakeTable[])[],
  newest: Newest,
): Promise<{ table: LakeTable; snapshot: Snapshot }> => {
  for (const group of groups)
    for (const { table, newest: last } of await newest.all(group)) {
      const snapshot = last.history.find((each) => each.id === id);
      if (snapshot !== undefined) return { table, snapshot };
    }
  const names = groups.flat().map(fullName).toSorted().join(', ');
  throw new UsageError(
    `No table has a snapshot ${id}, or none has it any more. \`duckstep history TABLE\` lists what is kept of ${names}.`,
  );
};

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
      `${fullName(table)} is not kept as it was at ${iso(time)}: its oldest snapshot is ${oldest.id}, committed at ${oldest.committedAt}. \`duckstep history ${fullName(table)}\` lists what is kept.`,
    );
  if (found !== undefined && next !== undefined && next.version > found.version + 1)
    remarks.push(
      `${fullName(table)} as of ${found.committedAt}: of what was committed after that and before ${next.committedAt} nothing is kept.`,
    );
  return found;
};

/** Where a table that nobody asked for was there already, the others are empty because they were. */
const notBeforeAll = (time: number, tables: readonly { table: LakeTable; newest: Snapshot }[]): void => {
  const oldest = tables.flatMap(({ table, newest }) => {
    const snapshot = newest.history.at(-1);
    return snapshot === undefined ? [] : [{ table, snapshot }];
  });
  const [first] = oldest.toSorted(
    (a, b) => a.snapshot.entry['timestamp-ms'] - b.snapshot.entry['timestamp-ms'],
  );
  if (first === undefined || first.snapshot.entry['timestamp-ms'] <= time) return;
  // Of a table whose first snapshots are gone, nobody can say that it was not there.
  if (oldest.some(({ snapshot }) => snapshot.version > 1)) return;
  throw new UsageError(
    `Nothing was committed by ${iso(time)}: the first snapshot is ${first.snapshot.id} of ${fullName(first.table)}, committed at ${first.snapshot.committedAt}. \`duckstep history ${fullName(first.table)}\` lists what is kept.`,
  );
};

const iso = (time: number): string => new Date(time).toISOString();
