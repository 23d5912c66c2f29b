import { counted } from '../base/text.ts';
import { lakePaths } from '../lake/paths.ts';
import { ignoredBecause } from '../run/ignored-key.ts';
import { standingRun } from '../run/standing-run.ts';
import { isSequencer, sequencersOf } from '../run/version-age.ts';
import type { KnownRun } from './known-runs.ts';
import type { RawFiles, RawVersion } from './raw-versions.ts';
import { isNamed, type ReplaySelection } from './selection.ts';

/** The facts that a choice is made from. */
export interface Facts {
  files: RawFiles;
  /** By key. */
  runs: ReadonlyMap<string, readonly KnownRun[]>;
  /** The fingerprint of each dataset's contract, as it is now. */
  contracts: ReadonlyMap<string, string>;
  /** The sequencer that a version's id contains, in a storage whose ids contain it. */
  sequencerOf?: ((versionId: string) => string) | undefined;
  /** Milliseconds since 1970. */
  now: number;
  /** A version that is younger may have an execution that is about to start. */
  graceMs: number;
}

/** A file that a replay runs, with what its event is made of. */
export interface PlannedFile {
  key: string;
  dataset: string;
  /** Undefined for a file in a folder that has not been adopted yet. */
  version_id?: string;
  etag: string;
  sequencer: string;
  /** ISO 8601: of the original event, where a run record has it; else of the version. */
  uploaded_at: string;
  bytes: number;
  /** Why it runs, to follow its name: `never ran`, `3 rows in quarantine`. */
  because: string;
}

/** A file that matches the selection, and does not run. */
export interface SkippedFile {
  key: string;
  version_id?: string;
  /**
   * `gone`: the version is not in raw any more. `superseded`: a newer version lies there. `deleted`: the file was deleted
   * before it ran. `removed`: its rows were taken out on purpose. `young`, `running`: its execution may come, or is under way.
   * `failed`: its execution waits to be redriven. `ran`: its execution has ended. `ignored`: its name says that it is no data.
   */
  reason: 'gone' | 'superseded' | 'deleted' | 'removed' | 'young' | 'running' | 'failed' | 'ran' | 'ignored';
  /** One sentence for people. */
  text: string;
}

export interface Choice {
  files: PlannedFile[];
  skipped: SkippedFile[];
}

/** Decides for every file what to do with it. Looks at nothing but the facts. */
export const chooseFiles = (selection: ReplaySelection, facts: Facts): Choice => {
  const choice: Choice = { files: [], skipped: [] };
  const keys = new Set([...facts.files.keys(), ...facts.runs.keys(), ...exactKeys(selection)]);
  for (const key of keys) {
    if (isNamed(selection, key) === false) continue;
    if (selection.dataset !== undefined && datasetOf(key) !== selection.dataset) continue;
    const file = { key, versions: facts.files.get(key) ?? [], runs: facts.runs.get(key) ?? [] };
    const ignored = key.endsWith('/') ? 'it marks a folder, and holds no data' : ignoredBecause(key);
    if (ignored !== undefined) {
      if (selection.keys?.includes(key) && file.versions.length > 0)
        choice.skipped.push({ key, reason: 'ignored', text: `It is ignored: ${ignored}.` });
    } else if (selection.missing) chooseMissing(file, selection, facts, choice);
    else chooseKnown(file, selection, facts, choice);
  }
  return {
    files: choice.files.toSorted(inOrderOfUpload),
    skipped: choice.skipped.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
  };
};

export interface RawFile {
  key: string;
  /** The newest first. */
  versions: readonly RawVersion[];
  runs: readonly KnownRun[];
}

const datasetOf = (key: string): string => lakePaths.datasetOf(key) ?? '_unknown';

const exactKeys = ({ keys = [] }: ReplaySelection): string[] => keys.filter((key) => !key.endsWith('/'));

const inOrderOfUpload = (a: PlannedFile, b: PlannedFile): number =>
  compare(a.uploaded_at, b.uploaded_at) || compare(a.sequencer, b.sequencer) || compare(a.key, b.key);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The versions that no run record knows: of these the newest version of the file may run. */
const chooseMissing = (file: RawFile, selection: ReplaySelection, facts: Facts, choice: Choice): void => {
  const known = new Set(file.runs.map((run) => run.source_version));
  for (const [i, version] of file.versions.entries()) {
    if (version.versionId !== undefined && known.has(version.versionId)) continue;
    if (isBefore(version.lastModified.toISOString(), selection)) continue;
    if (i > 0) skip(choice, version, 'superseded', 'It never ran; a newer version of it lies in raw.');
    else if (!version.isLatest) skip(choice, version, 'deleted', 'It was deleted from raw before it ran.');
    else if (facts.now - version.lastModified.getTime() < facts.graceMs)
      skip(choice, version, 'young', 'It arrived only just: its execution may be about to start.');
    else choice.files.push(planned(file, version, facts, 'never ran'));
  }
};

/** The newest version of the file, or the one that its standing run was about, if the selection is about its result. */
const chooseKnown = (file: RawFile, selection: ReplaySelection, facts: Facts, choice: Choice): void => {
  const { key, versions } = file;
  const standing = standingRun(file.runs);
  const because = reasonFor(selection, facts, key, standing);
  if (because === undefined) return;
  const ofResult = (selection.quarantined ?? false) || (selection.olderContract ?? false);
  const wanted =
    selection.version ?? (ofResult ? (standing?.source_version ?? undefined) : versions[0]?.versionId);
  const version = wanted === undefined ? versions[0] : versions.find(({ versionId }) => versionId === wanted);
  const uploaded = version === undefined ? standing?.uploaded_at : uploadOf(file, version);
  if (isBefore(uploaded, selection)) return;
  const named = isNamed(selection, key) === true;
  if (version === undefined) {
    const what = wanted === undefined ? 'Raw has no such file' : `Raw does not have version ${wanted} of it`;
    skip(choice, { key, versionId: wanted }, 'gone', `${what}: it has expired, or was deleted for good.`);
  } else if (standing?.status === 'removed' && !named)
    skip(
      choice,
      version,
      'removed',
      'It was removed from the lake on purpose: name its key to bring it back.',
    );
  else if (ofResult && version !== versions[0] && selection.version === undefined)
    skip(
      choice,
      version,
      'superseded',
      'A newer version of it lies in raw, which has not run yet: see --missing.',
    );
  else if (!named && standing === undefined && !version.isLatest)
    skip(choice, version, 'deleted', 'It was deleted from raw before it ran.');
  else choice.files.push(planned(file, version, facts, because));
};

const skip = (
  choice: Choice,
  { key, versionId }: { key: string; versionId?: string | undefined },
  reason: SkippedFile['reason'],
  text: string,
): void => {
  choice.skipped.push({ key, ...(versionId !== undefined && { version_id: versionId }), reason, text });
};

/** Why a file runs; undefined where the selection does not match its result. */
const reasonFor = (
  { quarantined, olderContract }: ReplaySelection,
  { contracts }: Facts,
  key: string,
  standing: KnownRun | undefined,
): string | undefined => {
  const reasons: string[] = [];
  if (quarantined) {
    if (standing?.status === 'quarantined') reasons.push('in quarantine');
    else if (standing?.status === 'loaded' && standing.rows_rejected > 0)
      reasons.push(`${counted(standing.rows_rejected, 'row')} in quarantine`);
    else return undefined;
  }
  if (olderContract) {
    const now = contracts.get(datasetOf(key));
    if (standing === undefined || now === undefined || standing.contract_fingerprint === now)
      return undefined;
    reasons.push('judged under another contract');
  }
  return reasons.length > 0 ? reasons.join(', ') : 'chosen';
};

const isBefore = (uploaded: string | undefined, { since }: ReplaySelection): boolean =>
  since !== undefined && uploaded !== undefined && Date.parse(uploaded) < Date.parse(since);

const recordOf = ({ runs }: RawFile, { versionId }: RawVersion): KnownRun | undefined => {
  const own = versionId === undefined ? [] : runs.filter((run) => run.source_version === versionId);
  return own.find((run) => isSequencer(run.source_sequencer ?? '')) ?? own[0];
};

const uploadOf = (file: RawFile, version: RawVersion): string =>
  recordOf(file, version)?.uploaded_at ?? version.lastModified.toISOString();

/** A version with what its event is made of. */
export const planned = (
  file: RawFile,
  version: RawVersion,
  { sequencerOf }: Pick<Facts, 'sequencerOf'>,
  because: string,
): PlannedFile => {
  const oldestFirst = file.versions.toReversed();
  const known = (each: RawVersion): string | undefined =>
    recordOf(file, each)?.source_sequencer ??
    (each.versionId === undefined ? undefined : sequencerOf?.(each.versionId));
  const sequencers = sequencersOf(
    oldestFirst.map((each) => ({ lastModified: each.lastModified, sequencer: known(each) })),
  );
  return {
    key: file.key,
    dataset: datasetOf(file.key),
    ...(version.versionId !== undefined && { version_id: version.versionId }),
    etag: version.etag,
    sequencer: sequencers[oldestFirst.indexOf(version)] ?? version.lastModified.toISOString(),
    uploaded_at: uploadOf(file, version),
    bytes: version.size,
    because,
  };
};
