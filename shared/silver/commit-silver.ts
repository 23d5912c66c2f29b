import path from 'node:path';
import type { Contract } from '../contract/model.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import type { Lake } from '../lake.ts';
import { compareSequencers, type RunIdentity } from '../steps/identity.ts';
import type { DataFile, Draft, Snapshot, SourceState } from '../table/snapshot.ts';
import { Table } from '../table/table.ts';
import { mergeKeys } from './merge-keys.ts';
import { contentsIn, type StagedSilver, silverColumns } from './silver-table.ts';

export interface SilverCommit {
  /**
   * `superseded`: a newer version of the source is committed already, so this one changed nothing. `unchanged`:
   * the version before brought the same rows; they stay as they are and as old as they are.
   */
  status: 'loaded' | 'unchanged' | 'superseded';
  version: number;
}

/**
 * Makes a run's files the ones that silver holds of their source, in place of those of the version before. The
 * same rows of a run are committed at most once, and an older version never replaces a newer one. A run that is
 * started anew under a mended contract, and brings other rows, replaces its own: what it refuses now goes to
 * quarantine in place of what it refused before, so that each row is in one of the two.
 *
 * @param staged what Transform wrote
 * @throws CommitConflict when other writers won every race
 */
export const commitSilver = async (
  db: Db,
  contract: Contract,
  run: RunIdentity,
  staged: StagedSilver,
  { lake, scratch }: { lake: Pick<Lake, 'silver'>; scratch: string },
): Promise<SilverCommit> => {
  let status: SilverCommit['status'] = 'loaded';
  const { snapshot } = await new Table(lake.silver, contract.dataset).commit(async (base) => {
    const committed = base?.sources[run.source_id];
    status = 'loaded';
    const same = contentsIn(base)[run.source_id] === staged.content;
    if (committed?.runId === run.run_id && same) return undefined;
    const age = committed === undefined ? -1 : compareSequencers(committed.sequencer, run.sequencer);
    if (age > 0) {
      status = 'superseded';
      return undefined;
    }
    if (base !== undefined && committed !== undefined && same) {
      status = 'unchanged';
      return age === 0 ? undefined : confirmed(base, run, committed);
    }
    return await draftOf(db, contract, run, base, staged, { lake, scratch });
  });
  return { status, version: snapshot?.version ?? 0 };
};

/** The same table, which has now seen this version: an older one that arrives late is out of date. */
const confirmed = (base: Snapshot, run: RunIdentity, committed: SourceState): Draft => ({
  ...base,
  runId: run.run_id,
  operation: 'confirm source',
  sources: { ...base.sources, [run.source_id]: { ...committed, sequencer: run.sequencer } },
  touched: [],
});

const draftOf = async (
  db: Db,
  contract: Contract,
  run: RunIdentity,
  base: Snapshot | undefined,
  { content, files: added }: StagedSilver,
  { lake, scratch }: { lake: Pick<Lake, 'silver'>; scratch: string },
): Promise<Draft> => {
  const files = base?.files ?? [];
  const removed = files.filter(({ sourceId }) => sourceId === run.source_id);
  const others = files.filter(({ sourceId }) => sourceId !== run.source_id);
  const sources = {
    ...base?.sources,
    [run.source_id]: {
      runId: run.run_id,
      sequencer: run.sequencer,
      uploadedAt: run.uploaded_at,
      version: (base?.version ?? 0) + 1,
    },
  };
  const merge = await mergeKeys(db, {
    contract,
    store: lake.silver,
    scratch: path.join(scratch, 'silver'),
    runId: run.run_id,
    others,
    removed,
    added,
    sources,
  });
  return {
    runId: run.run_id,
    operation: removed.length === 0 ? 'append' : 'replace source',
    columns: silverColumns(contract),
    partitionedBy: contract.partitionedBy,
    files: merge.files,
    sources,
    touched: distinct([...removed, ...added, ...merge.remasked].map(({ partition }) => partition)),
    properties: { contents: { ...contentsIn(base), [run.source_id]: content } },
  };
};

const distinct = (partitions: readonly DataFile['partition'][]): DataFile['partition'][] => [
  ...new Map(partitions.map((partition) => [JSON.stringify(partition), partition])).values(),
];
