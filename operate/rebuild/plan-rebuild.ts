import { type PlannedFile, planned as planVersion } from '../../shared/replay/choose-files.ts';
import type { KnownRun } from '../../shared/replay/known-runs.ts';
import type { RawFiles, RawVersion } from '../../shared/replay/raw-versions.ts';
import { ignoredBecause } from '../../shared/run/ignored-key.ts';
import { sourceIdOf } from '../../shared/run/run-identity.ts';
import { standingRun } from '../../shared/run/standing-run.ts';
import type { CommittedSource } from '../../shared/stages/load-to-gold/silver/sources.ts';

export interface RebuildFacts {
  bucket: string;
  files: RawFiles;
  /** By key. */
  runs: ReadonlyMap<string, readonly KnownRun[]>;
  /** What silver's index says of sources now, by source id; empty where the table is lost. */
  committed: ReadonlyMap<string, CommittedSource>;
  sequencerOf?: ((versionId: string) => string) | undefined;
}

/** A file whose rows are made again. */
export interface RebuildFile {
  sourceId: string;
  key: string;
  /** The newest first. The first that the contract does not refuse is loaded. */
  versions: PlannedFile[];
}

export interface RebuildPlan {
  /** In the order of their uploads. */
  files: RebuildFile[];
  /** Entries of sources whose newest version was taken out, by source id: it stays out. */
  takenOut: Map<string, CommittedSource>;
  /** Entries of sources that silver has rows of and whose file is not in raw any more, by source id. */
  lost: Map<string, CommittedSource>;
}

/** Decides which versions of which files a rebuild loads. Looks at nothing but the facts. */
export const planRebuild = (facts: RebuildFacts): RebuildPlan => {
  const { bucket, files, runs, committed } = facts;
  const plan: RebuildPlan = { files: [], takenOut: new Map(), lost: new Map() };
  const found = new Set<string>();
  for (const [key, versions] of files) {
    if (key.endsWith('/') || ignoredBecause(key) !== undefined) continue;
    const sourceId = sourceIdOf(bucket, key);
    const entry = committed.get(sourceId);
    const own = runs.get(key) ?? [];
    const chosen = versionsToLoad(versions, entry, own);
    if (entry?.removedAt !== undefined && chosen[0] !== versions[0]) plan.takenOut.set(sourceId, entry);
    if (chosen.length === 0) continue;
    found.add(sourceId);
    const planned = chosen.map((version) => planVersion({ key, versions, runs: own }, version, facts, ''));
    plan.files.push({ sourceId, key, versions: planned });
  }
  for (const [id, entry] of committed) {
    if (found.has(id)) continue;
    if (entry.removedAt !== undefined) plan.takenOut.set(id, entry);
    else if (entry.content !== '') plan.lost.set(id, entry);
  }
  return { ...plan, files: plan.files.toSorted(inOrderOfUpload) };
};

/**
 * The versions that runs have adopted, and that were not taken out: by `remove`, which leaves no rows, or by `rollback`,
 * which leaves those of an earlier version. A file that was deleted from raw still counts where silver has its rows.
 */
const versionsToLoad = (
  versions: readonly RawVersion[],
  entry: CommittedSource | undefined,
  runs: readonly KnownRun[],
): RawVersion[] => {
  const adopted = versions.filter(({ versionId }) => versionId !== undefined);
  const after = (time: string): RawVersion[] =>
    adopted.filter(({ lastModified }) => lastModified.getTime() > Date.parse(time));
  if (entry?.removedAt !== undefined)
    return [...after(entry.removedAt), ...(entry.content === '' ? [] : versionsUpTo(adopted, entry, runs))];
  if (entry !== undefined) return adopted;
  const standing = standingRun(runs);
  if (standing?.status === 'removed') return after(standing.finished_at);
  return standing !== undefined || versions[0]?.isLatest ? adopted : [];
};

/** The version whose rows silver has, and older ones. Where its run record is gone, its time tells it. */
const versionsUpTo = (
  versions: readonly RawVersion[],
  { runId, uploadedAt }: CommittedSource,
  runs: readonly KnownRun[],
): RawVersion[] => {
  const shown = runs.find((run) => run.run_id === runId)?.source_version;
  const at = versions.findIndex(({ versionId, lastModified }) =>
    shown === undefined ? lastModified.getTime() <= Date.parse(uploadedAt) : versionId === shown,
  );
  return at === -1 ? [] : versions.slice(at);
};

const inOrderOfUpload = (a: RebuildFile, b: RebuildFile): number => {
  const [one, other] = [a.versions[0]?.uploaded_at ?? '', b.versions[0]?.uploaded_at ?? ''];
  return one < other ? -1 : one > other ? 1 : a.key < b.key ? -1 : 1;
};
