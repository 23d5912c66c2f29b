import { type PlannedFile, planned as planVersion } from '../../shared/replay/choose-files.ts';
import type { KnownRun } from '../../shared/replay/known-runs.ts';
import type { RawFiles } from '../../shared/replay/raw-versions.ts';
import { ignoredBecause } from '../../shared/run/ignored-key.ts';
import { sourceIdOf } from '../../shared/run/run-identity.ts';
import { standingRun } from '../../shared/run/standing-run.ts';
import { isRemoved } from '../../shared/stages/load-to-gold/silver/plan-sources.ts';
import type { CommittedSource } from '../../shared/stages/load-to-gold/silver/sources.ts';

export interface RebuildFacts {
  bucket: string;
  files: RawFiles;
  /** By key. */
  runs: ReadonlyMap<string, readonly KnownRun[]>;
  /** The index of silver as it is now, by source id; empty where the table is lost. */
  committed: ReadonlyMap<string, CommittedSource>;
  sequencerOf?: ((versionId: string) => string) | undefined;
}

/** A file whose rows are made again. */
export interface RebuildFile {
  sourceId: string;
  key: string;
  /** The newest first. The first that the contract does not refuse is loaded. */
  versions: readonly PlannedFile[];
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
    const adopted = versions
      .filter(({ versionId }) => versionId !== undefined)
      .map((version) => planVersion({ key, versions, runs: own }, version, facts, ''));
    const chosen = versionsToLoad(adopted, versions[0]?.isLatest === true, entry, own);
    if (entry?.removal !== undefined && chosen[0] !== adopted[0]) plan.takenOut.set(sourceId, entry);
    if (chosen.length === 0) continue;
    found.add(sourceId);
    plan.files.push({ sourceId, key, versions: chosen });
  }
  for (const [id, entry] of committed) {
    if (found.has(id)) continue;
    if (entry.content === '') plan.takenOut.set(id, entry);
    else plan.lost.set(id, { ...entry, content: '', partitions: [] });
  }
  return { ...plan, files: plan.files.toSorted(inOrderOfUpload) };
};

/**
 * The versions that were not taken out: by `remove`, which leaves no rows, or by `rollback`, which leaves those of an earlier
 * version. A file that was deleted from raw still counts where silver has its rows.
 *
 * @param isThere whether the file lies in raw, and not only versions of it
 */
const versionsToLoad = (
  versions: readonly PlannedFile[],
  isThere: boolean,
  entry: CommittedSource | undefined,
  runs: readonly KnownRun[],
): readonly PlannedFile[] => {
  if (entry?.removal !== undefined) {
    const { removal } = entry;
    const shown = versionsUpTo(versions, entry, runs);
    return versions.filter((version) => shown.includes(version) || !isRemoved(removal, version));
  }
  if (entry !== undefined) return versions;
  const standing = standingRun(runs);
  if (standing?.status === 'removed')
    return versions.filter(({ uploaded_at }) => Date.parse(uploaded_at) > Date.parse(standing.finished_at));
  return standing !== undefined || isThere ? versions : [];
};

/** The version whose rows silver has, and older ones. */
const versionsUpTo = (
  versions: readonly PlannedFile[],
  { runId, version, content }: CommittedSource,
  runs: readonly KnownRun[],
): readonly PlannedFile[] => {
  if (content === '') return [];
  const shown = version ?? runs.find((run) => run.run_id === runId)?.source_version;
  const at = versions.findIndex(({ version_id }) => version_id === shown);
  return at === -1 ? [] : versions.slice(at);
};

const inOrderOfUpload = (a: RebuildFile, b: RebuildFile): number => {
  const [one, other] = [a.versions[0]?.uploaded_at ?? '', b.versions[0]?.uploaded_at ?? ''];
  return one < other ? -1 : one > other ? 1 : a.key < b.key ? -1 : 1;
};
