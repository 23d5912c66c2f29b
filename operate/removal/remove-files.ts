import { randomBytes } from 'node:crypto';
import { evaluateIn, loadContract } from '../../shared/contract/load.ts';
import { withoutValues } from '../../shared/engine/failure-reason.ts';
import type { Resources } from '../../shared/engine/resources.ts';
import { withScratch } from '../../shared/engine/scratch.ts';
import { type Db, withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { ObjectMissing } from '../../shared/errors.ts';
import type { Catalog } from '../../shared/lake/catalog/catalog.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import { removedRecord } from '../../shared/run/removed-record.ts';
import { writeRunRecord } from '../../shared/run/run-record.ts';
import { removeLoaded } from '../../shared/stages/load-to-gold/load.ts';
import { countSources } from '../../shared/stages/load-to-gold/silver/remove-sources.ts';
import type { CommittedSource } from '../../shared/stages/load-to-gold/silver/sources.ts';
import {
  dropRemoval,
  finishRemoval,
  isReady,
  newRemoval,
  openRemovals,
  type ReadyRemoval,
  type SelectedFile,
  writeRemoval,
} from './removal.ts';
import { type NewestVersion, type SelectionSource, selectFiles } from './select-files.ts';

export interface RemovalSource extends Omit<SelectionSource, 'sqlDir'> {
  config: Resources & { sqlDir: string; scratchRoot: string };
  catalog?: Catalog;
  /** As `newestOf`, without a change to the lake. */
  peekNewest: (key: string) => Promise<NewestVersion | undefined>;
}

/** One file of a removal. */
export interface RemovedFile {
  key: string;
  dataset: string;
  /** Rows that have left silver, or would; those that rows of other files hid are among them. */
  rows: number;
  /** `replaced`: somebody has uploaded another version since, which stays, and is loaded. `absent`: it was not there. */
  raw: 'removed' | 'kept' | 'replaced' | 'absent';
}

/** A removal that was carried out, or would be. */
export interface RemovalReport {
  /** Absent for a dry run. */
  id?: string;
  /** It had been asked for earlier, and was not finished. */
  continued: boolean;
  files: RemovedFile[];
}

export interface RemoveFilesOptions {
  keepRaw: boolean;
  dryRun: boolean;
  onWork?: ((what: string) => void) | undefined;
}

/**
 * Takes the rows of files out of silver and gold, and the files out of raw. Removals that were not finished are carried out
 * first.
 *
 * @param asked keys, and prefixes that end in `/`
 * @throws UsageError when one of them names nothing, unless an unfinished removal was continued
 */
export const removeFiles = async (
  source: RemovalSource,
  asked: readonly string[],
  { keepRaw, dryRun, onWork }: RemoveFilesOptions,
): Promise<RemovalReport[]> => {
  if (dryRun) return [await preview(source, asked, keepRaw)];
  const continued = await continueRemovals(source, onWork);
  const removal = newRemoval(randomBytes(12).toString('hex'), asked, keepRaw);
  await writeRemoval(source.lake, removal);
  const written = await source.lake.silver.head(lakePaths.removal(removal.id));
  if (written === undefined)
    throw new ObjectMissing(
      'The removal was stopped by somebody who deleted its object in silver. Nothing was removed.',
    );
  const selection = { ...source, sqlDir: source.config.sqlDir };
  const files = await selectFiles(selection, asked, { keepRaw }).catch(async (error: unknown) => {
    await dropRemoval(source.lake, removal);
    if (continued.length > 0) return [];
    throw error;
  });
  if (files.length === 0) return continued;
  const ready = {
    ...{ ...removal, at: written.lastModified.toISOString() },
    files: files.map(({ committed: _, ...file }) => file),
  };
  await writeRemoval(source.lake, ready);
  return [...continued, { id: removal.id, continued: false, files: await carryOut(source, ready, onWork) }];
};

/**
 * Carries out the removals that were not finished. One whose files were still looked up has changed nothing, and is dropped.
 *
 * @param onError called for a removal that fails, so that it does not keep the others from being finished. Default: throws
 */
export const continueRemovals = async (
  source: RemovalSource,
  onWork?: RemoveFilesOptions['onWork'],
  onError: (error: unknown, removal: ReadyRemoval) => void = (error) => {
    throw error;
  },
): Promise<RemovalReport[]> => {
  const reports: RemovalReport[] = [];
  for (const removal of await openRemovals(source.lake)) {
    if (!isReady(removal)) {
      await dropRemoval(source.lake, removal);
      continue;
    }
    try {
      reports.push({ id: removal.id, continued: true, files: await carryOut(source, removal, onWork) });
    } catch (error) {
      onError(error, removal);
    }
  }
  return reports;
};

/** Each step looks for its own effect first, so that a repetition, or two processes at once, change nothing more. */
const carryOut = async (
  source: RemovalSource,
  removal: ReadyRemoval,
  onWork: RemoveFilesOptions['onWork'],
): Promise<RemovedFile[]> => {
  const { lake } = source;
  const removed = new Map<string, CommittedSource>();
  for (const [dataset, files] of Map.groupBy(removal.files, (file) => file.dataset)) {
    onWork?.(
      `Removing ${files.length === 1 ? files[0]?.key : `${files.length} files`} from silver.${dataset}`,
    );
    for (const [id, entry] of await removeRows(source, removal, dataset, files)) removed.set(id, entry);
  }
  const results: RemovedFile[] = [];
  for (const file of removal.files) {
    const entry = removed.get(file.source_id);
    const raw = await removeFromRaw(source, removal, file);
    if (entry?.removal !== undefined)
      await writeRunRecord(lake, removedRecord(lake.raw.name, file, { ...entry.removal, raw }));
    results.push({ key: file.key, dataset: file.dataset, rows: entry?.removal?.rows ?? 0, raw });
  }
  await finishRemoval(lake, removal, results);
  return results;
};

const removeRows = async (
  source: RemovalSource,
  { id, at }: ReadyRemoval,
  dataset: string,
  files: readonly SelectedFile[],
): Promise<ReadonlyMap<string, CommittedSource>> => {
  const { lake, config, catalog } = source;
  const sources = files.map(({ source_id, key, sequencer, version_id }) => ({
    ...{ sourceId: source_id, key, sequencer, version: version_id },
  }));
  return await withDb(source, (db, scratch) =>
    removeLoaded(db, dataset, { id, at, sources }, { lake, scratch, sqlDir: config.sqlDir, catalog }),
  );
};

const removeFromRaw = async (
  { lake }: RemovalSource,
  { keep_raw }: ReadyRemoval,
  { key, etag, version_id }: SelectedFile,
): Promise<RemovedFile['raw']> => {
  const there = await lake.raw.head(key);
  if (there === undefined) return etag === undefined ? 'absent' : 'removed';
  if (keep_raw) return 'kept';
  // Equal bytes have equal etags, but they may have been uploaded again since.
  const isSame = etag !== undefined && (version_id === undefined || there.versionId === version_id);
  return isSame && (await lake.raw.remove(key, etag)) ? 'removed' : 'replaced';
};

const preview = async (
  source: RemovalSource,
  asked: readonly string[],
  keepRaw: boolean,
): Promise<RemovalReport> => {
  const { lake, config, peekNewest } = source;
  const selection = { lake, sqlDir: config.sqlDir, newestOf: peekNewest };
  const selected = await selectFiles(selection, asked, { keepRaw });
  const files: RemovedFile[] = [];
  for (const [dataset, some] of Map.groupBy(selected, (file) => file.dataset)) {
    const rows = await withDb(source, async (db, scratch) => {
      const contract = await loadContract(config.sqlDir, dataset, evaluateIn(db));
      const ids = some.filter(({ committed }) => committed).map(({ source_id }) => source_id);
      return await countSources({ db, store: lake.silver, scratch }, contract, ids);
    });
    for (const { key, source_id, etag } of some)
      files.push({
        ...{ key, dataset, rows: rows.get(source_id) ?? 0 },
        raw: etag === undefined ? 'absent' : keepRaw ? 'kept' : 'removed',
      });
  }
  return { continued: false, files };
};

const withDb = <T>(
  { config: { memoryMb, threads, scratchRoot } }: RemovalSource,
  work: (db: Db, scratch: string) => Promise<T>,
): Promise<T> =>
  withScratch(scratchRoot, (scratch) =>
    withDuckDb({ memoryMb, threads, scratch }, (db) => work(db, scratch)).catch((error: unknown) => {
      throw withoutValues(error);
    }),
  );
