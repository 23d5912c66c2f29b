import type { FolderStore } from '../../shared/lake/storage/folder-store.ts';
import { sequencerOf } from '../../shared/lake/storage/folder-versions.ts';
import { inUtf8Order } from '../../shared/lake/storage/key-path.ts';
import type { PlannedFile } from '../../shared/replay/choose-files.ts';
import { type KnownExecution, versionName } from '../../shared/replay/executions.ts';
import type { PlanSources } from '../../shared/replay/plan-replay.ts';
import type { RawVersion } from '../../shared/replay/raw-versions.ts';
import { replayEvent } from '../../shared/replay/replay-event.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import type { Execution } from '../execution.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';
import type { ReplayOptions } from '../pipeline.ts';
import type { Replayed } from '../replayed.ts';
import { objectCreatedEvent } from './lake.ts';
import { redriveThese } from './redrive.ts';
import { runAll } from './run.ts';
import { VersionIndex } from './version-index.ts';
import type { Workspace } from './workspace.ts';

/** A file without a version that was written in the last milliseconds may still be written. `start` waits as long. */
const SETTLED_MS = 2_000;

/** Where a laptop's plans get their facts. */
export const localSources = (
  { lake, engine }: Pick<Workspace, 'lake' | 'engine'>,
  resumed?: string,
): Omit<PlanSources, 'runs' | 'contracts'> => ({
  versions: (prefix) => allVersions(lake.raw, prefix),
  executionsOf: async (files) => executionsOf(new VersionIndex(engine), files, resumed),
  sequencerOf,
  graceMs: 0,
});

/** Versions, and files that nobody has given one yet: each is the newest content of its key. In the order of the keys. */
async function* allVersions(raw: FolderStore, prefix: string): AsyncIterable<RawVersion> {
  const loose: RawVersion[] = [];
  const settled = Date.now() - SETTLED_MS;
  for await (const file of raw.list(prefix))
    if (file.versionId === undefined && file.lastModified.getTime() <= settled)
      loose.push({ ...file, isLatest: true });
  let next = 0;
  for await (const version of raw.listVersions(prefix)) {
    for (; next < loose.length; next += 1) {
      const file = loose[next];
      if (file === undefined || inUtf8Order(file.key, version.key) > 0) break;
      yield file;
    }
    yield version;
  }
  yield* loose.slice(next);
}

const STATUS = { running: 'running', failed: 'failed', stale: 'failed', succeeded: 'ran' } as const;

const executionsOf = (
  index: VersionIndex,
  files: readonly PlannedFile[],
  resumed: string | undefined,
): Map<string, KnownExecution> =>
  new Map(
    files.flatMap((file) => {
      if (file.version_id === undefined) return [];
      const execution = index.find({ key: file.key, versionId: file.version_id });
      if (execution === undefined || isOf(execution, resumed)) return [];
      return [[versionName(file), { id: execution.id, status: STATUS[execution.status] }]];
    }),
  );

const isOf = ({ event }: Execution, replay: string | undefined): boolean =>
  replay !== undefined && event.replay?.requested_at === replay;

/**
 * Runs planned files to their end, several at a time. Of a replay that is resumed, executions that have ended are not run
 * again, those that another process runs are left to it, and those whose process died go on where they were: also where the
 * plan does not have their files any more, because they had all but ended.
 */
export const runReplay = async (
  workspace: Pick<Workspace, 'engine' | 'config' | 'lake'>,
  files: readonly PlannedFile[],
  requestedAt: string,
  options: ReplayOptions,
): Promise<Replayed[]> => {
  const { engine, lake } = workspace;
  const begun = new Map<string, Execution>();
  if (options.resume)
    for (const execution of engine.list().filter((each) => isOf(each, requestedAt)))
      begun.set(versionName(versionOf(execution)), execution);
  const fresh = files.filter((file) => !begun.has(versionName(file)));
  const events: ObjectCreated[] = [];
  for (const file of fresh) events.push(await eventOf(lake.raw, file, requestedAt));
  const stale = [...begun.values()].filter(({ status }) => status === 'stale');
  const resumed = await redriveThese(workspace, stale, options);
  const ran = await runAll(workspace, events, options);
  const planned = new Set(files.map(versionName));
  const others = stale.map(versionOf).filter((version) => !planned.has(versionName(version)));
  const outcomes = new Map<string, Outcome>([
    ...[...begun.values()]
      .filter(({ status }) => status !== 'running')
      .map((each) => [each.id, outcomeOf(each)] as const),
    ...resumed.map((outcome) => [outcome.execution, outcome] as const),
  ]);
  return [
    ...files.map((file) =>
      replayedOf(file, begun.get(versionName(file)), outcomes, ran[fresh.indexOf(file)]),
    ),
    ...others.map((version) => replayedOf(version, begun.get(versionName(version)), outcomes, undefined)),
  ];
};

type Version = Pick<PlannedFile, 'key' | 'version_id'>;

const versionOf = ({ event }: Execution): Version => {
  const { key, 'version-id': version_id } = event.detail.object;
  return { key, ...(version_id !== undefined && { version_id }) };
};

const eventOf = async (raw: FolderStore, file: PlannedFile, requestedAt: string): Promise<ObjectCreated> =>
  file.version_id === undefined
    ? {
        ...objectCreatedEvent(raw.name, await raw.adopt(file.key)),
        replay: { requested_at: requestedAt },
      }
    : replayEvent(raw.name, file, requestedAt);

const replayedOf = (
  { key, version_id }: Version,
  begun: Execution | undefined,
  outcomes: ReadonlyMap<string, Outcome>,
  ran: Outcome | undefined,
): Replayed => {
  const outcome = begun === undefined ? ran : outcomes.get(begun.id);
  return {
    key,
    ...(version_id !== undefined && { version_id }),
    execution: begun?.id ?? ran?.execution ?? '',
    before: begun !== undefined,
    ...(outcome && { outcome }),
  };
};
