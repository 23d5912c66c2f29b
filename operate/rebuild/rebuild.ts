import path from 'node:path';
import { quarantine } from '../../functions/quarantine.ts';
import { counted } from '../../shared/base/text.ts';
import { evaluateIn, loadContract } from '../../shared/contract/load.ts';
import type { Contract } from '../../shared/contract/model.ts';
import { withScratch } from '../../shared/engine/scratch.ts';
import { type Db, withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { CommitConflict, UsageError } from '../../shared/errors.ts';
import type { Catalog } from '../../shared/lake/catalog/catalog.ts';
import { pointTable } from '../../shared/lake/catalog/point-tables.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { byKey, knownRuns } from '../../shared/replay/known-runs.ts';
import { listFiles, type RawVersion } from '../../shared/replay/raw-versions.ts';
import { replayEvent } from '../../shared/replay/replay-event.ts';
import { loadedRecord } from '../../shared/run/build-run-record.ts';
import { LoadToGoldInput } from '../../shared/run/payload.ts';
import { writeRunRecord } from '../../shared/run/run-record.ts';
import type { Config } from '../../shared/runtime/config.ts';
import { followSilver } from '../../shared/stages/load-to-gold/gold/follow-silver.ts';
import { readDefinitions } from '../../shared/stages/load-to-gold/load.ts';
import {
  beginShadow,
  type Swap,
  shadowOf,
  swapIn,
} from '../../shared/stages/load-to-gold/silver/shadow-table.ts';
import {
  type CommittedSource,
  sourcesRoot,
  sourceTree,
} from '../../shared/stages/load-to-gold/silver/sources.ts';
import type { RebuildOptions, Rebuilt } from '../rebuilt.ts';
import { loadVersion } from './load-version.ts';
import { planRebuild, type RebuildFile, type RebuildPlan } from './plan-rebuild.ts';
import { type FileNote, RebuildNotes } from './rebuild-notes.ts';

export interface RebuildSource {
  lake: Lake;
  config: Config;
  catalog?: Catalog;
  /** All versions of the raw files whose keys begin with a text, of each key the newest first. */
  versions(prefix: string): AsyncIterable<RawVersion>;
  sequencerOf?: ((versionId: string) => string) | undefined;
}

/** Rounds of catching up with files that are loaded meanwhile. More means that they come faster than they are rebuilt. */
const MAX_ROUNDS = 20;

/**
 * Makes silver and gold of a dataset again from raw, in the order of the uploads and under the present contract. The rows
 * are made beside the live table, which stays as it is until they take its place in one commit. Files that arrive meanwhile
 * are loaded in both. A rebuild that was interrupted goes on with the next call, as long as the contract is the same.
 *
 * @throws UsageError when files whose rows silver has are not in raw any more, and `dropLost` is not set
 * @throws CommitConflict when files are loaded faster than they are rebuilt
 * @throws UnknownDataset, ContractInvalid, ContractChanged, and every Fault of a state
 */
export const rebuildDataset = async (
  source: RebuildSource,
  dataset: string,
  options: RebuildOptions = {},
): Promise<Rebuilt> =>
  await withScratch(source.config.scratchRoot, (scratch) =>
    withDuckDb({ ...source.config, scratch }, async (db) => {
      const contract = await loadContract(source.config.sqlDir, dataset, evaluateIn(db));
      return await new Rebuild(source, contract, options).run(db, scratch);
    }),
  );

class Rebuild {
  readonly #source: RebuildSource;
  readonly #contract: Contract;
  readonly #options: RebuildOptions;
  readonly #files = { loaded: 0, refused: 0, lost: 0 };

  constructor(source: RebuildSource, contract: Contract, options: RebuildOptions) {
    this.#source = source;
    this.#contract = contract;
    this.#options = options;
  }

  async run(db: Db, scratch: string): Promise<Rebuilt> {
    const { lake, config, catalog } = this.#source;
    const { dataset } = this.#contract;
    const definitions = await readDefinitions(db, this.#contract, config.sqlDir);
    const plan = await this.#plan();
    this.#refuseLost(plan);
    if (this.#options.dryRun) {
      const files = { loaded: plan.files.length, refused: 0, lost: plan.lost.size };
      return { dataset, resumed: false, files, gold: [] };
    }
    const { notes, resumed } = await this.#open();
    await beginShadow(lake.silver, this.#contract, notes.state.id);
    const { version, table } = await this.#loadAndSwap(plan, notes);
    const silver = { zone: 'silver', name: dataset, description: this.#contract.description } as const;
    await pointTable(catalog, silver, table);
    const runId = executionOf(notes);
    const context = { lake, catalog, scratch: path.join(scratch, 'gold'), ...definitions };
    const gold = await followSilver(db, { dataset, silver: table, runId }, context);
    await this.#finish(notes);
    await notes.remove();
    return { dataset, resumed, files: { ...this.#files }, silver_version: version, gold };
  }

  async #plan(): Promise<RebuildPlan> {
    const { lake, config, sequencerOf } = this.#source;
    const { dataset } = this.#contract;
    this.#options.observe?.({ type: 'working', what: `Comparing raw/${dataset}/ with silver` });
    const live = await new Table(lake.silver, dataset).current();
    const committed = new Map<string, CommittedSource>();
    for await (const [id, entry] of sourceTree(lake.silver, dataset).entries(sourcesRoot(live)))
      committed.set(id, entry);
    const files = await listFiles((prefix) => this.#source.versions(prefix), [`${dataset}/`]);
    const runs = byKey(await knownRuns({ lake, config }));
    return planRebuild({ bucket: lake.raw.name, files, runs, committed, sequencerOf });
  }

  #refuseLost({ lost }: RebuildPlan): void {
    const { dataset } = this.#contract;
    if (lost.size > 0 && !this.#options.dropLost && !this.#options.dryRun)
      throw new UsageError(
        `silver.${dataset} has rows of ${counted(lost.size, 'file')} that raw does not have any more, and a rebuild would lose them. Restore the files; or say --drop-lost.`,
      );
    this.#files.lost = lost.size;
  }

  /** The notes of the rebuild that was interrupted, if it was about the same contract; else new ones. */
  async #open(): Promise<{ notes: RebuildNotes; resumed: boolean }> {
    const { silver } = this.#source.lake;
    const { dataset, fingerprint } = this.#contract;
    const before = await RebuildNotes.unfinished(silver, dataset);
    if (before?.state.contract_fingerprint === fingerprint) return { notes: before, resumed: true };
    await before?.remove();
    const requestedAt = new Date().toISOString();
    const id = `${dataset}/${requestedAt.replaceAll(/[-:.]/g, '')}`;
    const state = { id, dataset, contract_fingerprint: fingerprint, requested_at: requestedAt };
    return { notes: await RebuildNotes.begin(silver, state), resumed: false };
  }

  async #loadAndSwap(first: RebuildPlan, notes: RebuildNotes): Promise<Swap & { status: 'swapped' }> {
    const { lake } = this.#source;
    let plan = first;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      for (const [done, file] of plan.files.entries()) {
        this.#options.signal?.throwIfAborted();
        this.#options.observe?.({ type: 'progress', done, total: plan.files.length });
        await this.#loadFile(file, notes);
      }
      const takenOut = new Map([...plan.takenOut, ...plan.lost, ...(await withoutRows(notes))]);
      const swap = await swapIn(lake.silver, this.#contract, notes.state.id, takenOut);
      if (swap.status === 'swapped') return swap;
      plan = await this.#plan();
    }
    throw new CommitConflict(
      `Files of ${this.#contract.dataset} are loaded faster than they are rebuilt. The rebuild is ready but for them: call it again when fewer arrive.`,
    );
  }

  /** Loads the newest version that the contract does not refuse. A version that a note has was loaded before. */
  async #loadFile({ sourceId, versions }: RebuildFile, notes: RebuildNotes): Promise<void> {
    const { lake, config } = this.#source;
    const { id, requested_at } = notes.state;
    const { sequencer = '', uploaded_at = '' } = versions[0] ?? {};
    if ((await notes.find(sourceId))?.sequencer === sequencer) return;
    const shadow = shadowOf(lake.silver, this.#contract.dataset, id);
    const note: FileNote = { source_id: sourceId, sequencer, uploaded_at, results: [] };
    for (const version of versions) {
      const event = replayEvent(lake.raw.name, version, requested_at);
      const context = { lake: { ...lake, silver: shadow }, config };
      const result = await loadVersion(event, this.#contract, context, executionOf(notes));
      note.results.push(result);
      if (result.status !== 'refused') break;
    }
    await notes.write(note);
  }

  /** Run records, and what is in quarantine: they say what the tables show now. */
  async #finish(notes: RebuildNotes): Promise<void> {
    const { lake, config } = this.#source;
    const execution = executionOf(notes);
    for await (const { results } of notes.all()) {
      const [newest] = results;
      if (newest?.status === 'loaded') this.#files.loaded += 1;
      if (newest?.status === 'refused') this.#files.refused += 1;
      for (const { status, payload } of results.toReversed()) {
        if (status === 'ignored') continue;
        if (status === 'loaded') {
          const run = LoadToGoldInput.parse(payload);
          const { usage } = payload.load ?? run.transform;
          const outcome = { status: 'loaded', reason: run.quality.reason } as const;
          const { rows_superseding: superseding = 0, rows_superseded: superseded = 0 } = payload.load ?? {};
          const record = loadedRecord(run, execution, outcome, usage, { superseding, superseded });
          await writeRunRecord(lake, record);
        }
        if (status === 'refused' || (payload.validate?.rows.rejected ?? 0) > 0)
          await quarantine({ execution, state: payload }, { lake, config });
      }
    }
  }
}

const executionOf = ({ state }: RebuildNotes): string => `rebuild-${state.id.replace('/', '-')}`;

/** Entries of the sources whose newest version has no rows: the live table may have had some, and they are to stay out. */
const withoutRows = async (notes: RebuildNotes): Promise<Map<string, CommittedSource>> => {
  const entries = new Map<string, CommittedSource>();
  for await (const { source_id, sequencer, uploaded_at, results } of notes.all())
    if (results[0]?.status !== 'loaded')
      entries.set(source_id, { runId: '', sequencer, uploadedAt: uploaded_at, content: '', partitions: [] });
  return entries;
};
