import { lakePaths } from '../lake/paths.ts';
import { type Choice, chooseFiles, type Facts, type PlannedFile, type SkippedFile } from './choose-files.ts';
import { type KnownExecution, withoutKnown } from './executions.ts';
import { byKey, type KnownRun } from './known-runs.ts';
import { listFiles, type RawVersion } from './raw-versions.ts';
import { checkSelection, type ReplaySelection } from './selection.ts';

/** Where a plan gets its facts. Each is asked once at most, and only where the selection needs it. */
export interface PlanSources extends Pick<Facts, 'sequencerOf' | 'graceMs'> {
  /** The versions of all raw files whose keys begin with a text; see `ObjectStore.listVersions`. */
  versions(prefix: string): AsyncIterable<RawVersion>;
  runs(): Promise<readonly KnownRun[]>;
  /** Fingerprints by dataset. */
  contracts(): Promise<ReadonlyMap<string, string>>;
  /** The executions of these versions, where there are any, by `versionName`. */
  executionsOf(files: readonly PlannedFile[]): Promise<ReadonlyMap<string, KnownExecution>>;
  now?: () => number;
}

/**
 * Decides which file versions a replay runs, the oldest upload first, and says which it does not run and why.
 *
 * @throws UsageError when the selection selects nothing, or what nothing can match
 */
export const planReplay = async (selection: ReplaySelection, sources: PlanSources): Promise<Choice> => {
  checkSelection(selection);
  const { missing, since, olderContract } = selection;
  const { sequencerOf, graceMs, now = Date.now } = sources;
  const contracts = olderContract ? await sources.contracts() : new Map<string, string>();
  const facts = { contracts, sequencerOf, graceMs, now: now() };
  const list = (prefix: string): AsyncIterable<RawVersion> => sources.versions(prefix);
  if (missing) {
    const from = since === undefined ? undefined : Date.parse(since);
    const files = await listFiles(list, prefixesOf(selection, []), from);
    if (files.size === 0) return { files: [], skipped: [] };
    const choice = chooseFiles(selection, { ...facts, files, runs: byKey(await sources.runs()) });
    return withoutKnown(choice, await sources.executionsOf(choice.files));
  }
  const runs = byKey(await sources.runs());
  // Without any file, exactly those are skipped that the run records select.
  const selected = chooseFiles(selection, { ...facts, runs, files: new Map() }).skipped;
  const files = await listFiles(list, prefixesOf(selection, selected));
  return chooseFiles(selection, { ...facts, runs, files });
};

/** What to list of raw: as little as the selection allows. */
const prefixesOf = (
  { keys = [], dataset, quarantined, olderContract }: ReplaySelection,
  selected: readonly SkippedFile[],
): readonly string[] => {
  if (keys.length > 0) return keys;
  if (dataset !== undefined) return [`${dataset}/`];
  if (!quarantined && !olderContract) return [''];
  return selected.map(({ key }) => {
    const folder = lakePaths.datasetOf(key);
    return folder === undefined ? key : `${folder}/`;
  });
};
