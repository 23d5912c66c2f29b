import type { KnownRun } from '../../shared/replay/known-runs.ts';
import type { RawFiles, RawVersion } from '../../shared/replay/raw-versions.ts';
import { sourceIdOf } from '../../shared/run/run-identity.ts';
import { ageOfRecord } from '../../shared/run/standing-run.ts';
import { compareAges } from '../../shared/run/version-age.ts';
import type { CommittedSource } from '../../shared/stages/load-to-gold/silver/sources.ts';
import type { RawLeft } from '../forgotten.ts';

export interface RawFacts {
  bucket: string;
  /** All versions of the files in question. */
  files: RawFiles;
  /** All runs, by key. */
  runs: ReadonlyMap<string, readonly KnownRun[]>;
  /** The entries of silver's index for the files, by source id. */
  committed: ReadonlyMap<string, CommittedSource>;
  /** Versions of which matching rows were found, as `versionName` names them. */
  holding: ReadonlySet<string>;
}

export const versionName = (key: string, version: string | null | undefined): string =>
  JSON.stringify([key, version ?? '']);

/**
 * The versions of the files that hold matching rows, or may hold some, and of each why it must stay: a version may only go
 * where its other rows are in silver, or were replaced there.
 */
export const planRaw = (facts: RawFacts): RawLeft[] =>
  [...facts.files].flatMap(([key, versions]) =>
    versions.map((version) => {
      const kept = keptBecause(facts, key, version);
      return {
        key,
        version: version.versionId ?? '',
        bytes: version.size,
        uploaded_at: version.lastModified.toISOString(),
        holds: facts.holding.has(versionName(key, version.versionId)),
        ...(kept !== undefined && { kept }),
      };
    }),
  );

const keptBecause = (
  { bucket, runs, committed }: RawFacts,
  key: string,
  { versionId }: RawVersion,
): string | undefined => {
  if (versionId === undefined) return 'no run has seen it';
  const entry = committed.get(sourceIdOf(bucket, key));
  const own = (runs.get(key) ?? []).filter((run) => run.source_version === versionId);
  const run = own.find(({ status }) => status === 'loaded' || status === 'superseded') ?? own[0];
  if (run === undefined) return 'no run of it has ended';
  if (run.status === 'quarantined') return 'it was refused: its rows are nowhere else';
  if (run.status === 'removed' || entry === undefined || entry.removedAt !== undefined)
    return 'its rows were taken out of silver: they are nowhere else';
  if (compareAges(ageOfRecord(run), entry) > 0) return 'silver has the rows of an earlier version';
  return undefined;
};
