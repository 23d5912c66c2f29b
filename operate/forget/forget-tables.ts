import path from 'node:path';
import type { Contract } from '../../shared/contract/model.ts';
import type { Catalog } from '../../shared/lake/catalog/catalog.ts';
import { pointTable } from '../../shared/lake/catalog/point-tables.ts';
import { type Lake, lakePaths } from '../../shared/lake/paths.ts';
import { removeNoncurrent } from '../../shared/lake/storage/noncurrent.ts';
import type { ObjectInfo } from '../../shared/lake/storage/object-store.ts';
import { forgetHistory } from '../../shared/lake/table/commit/forget-history.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import type { DataFile } from '../../shared/lake/table/data-file.ts';
import type { Snapshot } from '../../shared/lake/table/read/snapshot.ts';
import { erase, planErasure } from '../../shared/lake/table/upkeep/erase.ts';
import { MatchingRows } from '../../shared/stages/load-to-gold/silver/matching-rows.ts';
import type { Gone } from '../forgotten.ts';
import type { ForgetContext, ForgottenTable } from './forget-context.ts';
import type { ForgetNotes } from './forget-notes.ts';
import { MAX_EXECUTION_MS } from './staged-rows.ts';

type IsDoomed = Parameters<typeof planErasure>[3];

/** Expires all of a table's earlier snapshots, and removes what storage still has of them. */
export const forgetTable = async (
  notes: ForgetNotes,
  { lake, catalog }: { lake: Lake; catalog?: Catalog | undefined },
  { zone, name, description }: ForgottenTable,
  isDoomed: IsDoomed,
): Promise<{ table: string; snapshots: number } & Gone> => {
  const store = lake[zone];
  const table = new Table(store, name);
  const full = `${zone}.${name}`;
  const { snapshots } = await notes.step(
    `history of ${full}`,
    async () => {
      const newest = await table.newest();
      const earlier = (newest?.metadata.snapshots.length ?? 1) - 1;
      return { result: { snapshots: Math.max(0, earlier) }, plan: undefined };
    },
    async () => {
      const version = await forgetHistory(store, name);
      // The catalog must not name a metadata file that is about to go.
      await pointTable(catalog, { zone, name, ...(description !== undefined && { description }) }, version);
      return undefined;
    },
  );
  const gone = await notes.step<Gone, Awaited<ReturnType<typeof planErasure>> | undefined>(
    `objects of ${full}`,
    async () => {
      const version = await table.newest();
      const plan = version && (await planErasure(store, table, version, isDoomed));
      return { result: goneOf([...(plan?.removed ?? []), ...(plan?.emptied ?? [])]), plan };
    },
    async (plan) => {
      if (plan !== undefined) await erase(store, table, plan);
      for (const prefix of [`${lakePaths.table(name)}/`, lakePaths.commits(name)])
        await removeNoncurrent(store, prefix);
      return undefined;
    },
  );
  return { table: full, snapshots, ...gone };
};

export const goneOf = (objects: readonly ObjectInfo[]): Gone => ({
  objects: objects.length,
  bytes: objects.reduce((sum, { size }) => sum + size, 0),
});

/** A gold table's files are written within its commits: those of an earlier version are of no use. */
export const earlierFiles: IsDoomed = async (files, isOld) => files.filter(isOld);

/** The run that wrote a data file, by its name: `<run>-<hash>.parquet`. */
const writerOf = (key: string): string => path.parse(key).name.replace(/-[0-9a-f]{16}(-\d+)?$/, '');

/**
 * Silver's files are staged before their commit. Of those that no version names, the ones with matching rows go, unless their
 * run may be in flight.
 *
 * @param isOver whether a run has ended
 */
export const matchingFiles =
  (
    { source: { lake }, db, scratch }: Pick<ForgetContext, 'source' | 'db' | 'scratch'>,
    contract: Contract,
    where: string,
    isOver: (runId: string) => boolean,
  ): IsDoomed =>
  async (files) => {
    const snapshot = await new Table(lake.silver, contract.dataset).current();
    if (snapshot === undefined) return [];
    const candidates = files.filter(
      ({ key, lastModified }) =>
        isOver(writerOf(key)) || lastModified.getTime() < Date.now() - MAX_EXECUTION_MS,
    );
    const search = new MatchingRows(
      { db, store: lake.silver, scratch: path.join(scratch, 'loose') },
      contract,
      where,
    );
    const found = await search.in(
      snapshot,
      candidates.map((file) => looseFile(snapshot, file)),
    );
    const keys = new Set(found.map(({ file }) => file.key));
    return candidates.filter(({ key }) => keys.has(key));
  };

/** A data file of which nothing is known but its place. */
const looseFile = ({ metadata }: Snapshot, { key, size }: ObjectInfo): DataFile => ({
  key,
  specId: metadata['default-spec-id'],
  partition: {},
  rows: 0,
  bytes: size,
  columns: {},
});
