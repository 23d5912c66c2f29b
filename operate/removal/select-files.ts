import { inParallel } from '../../shared/base/in-parallel.ts';
import { nearMiss } from '../../shared/base/near-miss.ts';
import { listDatasets } from '../../shared/contract/load.ts';
import { UsageError } from '../../shared/errors.ts';
import { type Lake, lakePaths } from '../../shared/lake/paths.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { ignoredBecause } from '../../shared/run/ignored-key.ts';
import { sourceIdOf } from '../../shared/run/run-identity.ts';
import { parseRunRecord } from '../../shared/run/run-record.ts';
import {
  type CommittedSource,
  sourcesRoot,
  sourceTree,
} from '../../shared/stages/load-to-gold/silver/sources.ts';
import type { SelectedFile } from './removal.ts';

/** The newest version of a key in raw. */
export interface NewestVersion {
  etag: string;
  versionId?: string | undefined;
  /** Orders it among the key's versions, where the storage tells. */
  sequencer?: string | undefined;
  /** ISO 8601. */
  uploadedAt: string;
}

export interface SelectionSource {
  lake: Lake;
  sqlDir: string;
  newestOf: (key: string) => Promise<NewestVersion | undefined>;
}

/** A selected file, and whether silver has rows of it. */
export interface Selected extends SelectedFile {
  committed: boolean;
}

/**
 * The files that keys and prefixes name: those that silver has rows of, and those that are in raw. Files that were removed
 * already and are no longer in raw are none.
 *
 * @throws UsageError when a key or prefix names none
 */
export const selectFiles = async (
  source: SelectionSource,
  asked: readonly string[],
  { keepRaw }: { keepRaw: boolean },
): Promise<Selected[]> => {
  const datasets = await listDatasets(source.sqlDir);
  const found = new Map<string, Selected>();
  for (const text of asked) {
    const dataset = datasetOf(text, datasets);
    const committed = await committedIn(source.lake, dataset, text);
    const keys = new Set(committed.keys());
    for await (const key of rawKeys(source.lake, text)) keys.add(key);
    const selected = await inParallel([...keys], async (key) =>
      select(source, dataset, key, committed.get(key)),
    );
    const wanted = selected.filter(
      ({ file, entry }) =>
        file.committed || (file.etag !== undefined && !(keepRaw && entry?.removedAt !== undefined)),
    );
    if (wanted.length === 0) throw new UsageError(await nothingMatches(source.lake, dataset, text));
    for (const { file } of wanted) found.set(file.key, file);
  }
  return [...found.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
};

const isPrefix = (text: string): boolean => text.endsWith('/');

const datasetOf = (text: string, datasets: readonly string[]): string => {
  const dataset = lakePaths.datasetOf(text);
  if (dataset !== undefined && datasets.includes(dataset)) return dataset;
  const meant = /^raw\/(.+)$/.exec(text)?.[1] ?? /^s3:\/\/[^/]+\/(.+)$/.exec(text)?.[1];
  const near = nearMiss(dataset ?? text, datasets);
  const advice =
    meant !== undefined
      ? `Did you mean ${JSON.stringify(meant)}?`
      : near !== undefined
        ? `Did you mean the dataset "${near}"?`
        : `There are ${datasets.join(', ') || 'none'}.`;
  throw new UsageError(
    `${JSON.stringify(text)} is below no dataset: a key begins with the dataset's folder, as in "orders/2024-05.csv"; a prefix ends in "/". ${advice}`,
  );
};

/** The entries of committed sources below a prefix, or of one key, by key. */
const committedIn = async (
  lake: Pick<Lake, 'raw' | 'silver' | 'gold'>,
  dataset: string,
  text: string,
): Promise<Map<string, CommittedSource>> => {
  const tree = sourceTree(lake.silver, dataset);
  const root = sourcesRoot(await new Table(lake.silver, dataset).current());
  if (!isPrefix(text)) {
    const entry = await tree.get(root, sourceIdOf(lake.raw.name, text));
    return new Map(entry && [[text, entry]]);
  }
  const found = new Map<string, CommittedSource>();
  for await (const [, entry] of tree.entries(root)) {
    const key = entry.key ?? (await keyOfRun(lake, entry.runId));
    if (key?.startsWith(text)) found.set(key, entry);
  }
  return found;
};

/** Earlier releases did not write the key into the entry, but the run record has it. */
const keyOfRun = async ({ gold }: Pick<Lake, 'gold'>, runId: string): Promise<string | undefined> => {
  const key = lakePaths.run(runId);
  const body = await gold.read(key);
  return body === undefined ? undefined : parseRunRecord(String(body), `gold/${key}`).source_key;
};

async function* rawKeys({ raw }: Pick<Lake, 'raw'>, text: string): AsyncIterable<string> {
  if (!isPrefix(text)) yield text;
  else for await (const { key } of raw.list(text)) if (ignoredBecause(key) === undefined) yield key;
}

const select = async (
  { lake, newestOf }: SelectionSource,
  dataset: string,
  key: string,
  entry: CommittedSource | undefined,
): Promise<{ file: Selected; entry: CommittedSource | undefined }> => {
  const newest = await newestOf(key);
  const sequencer = newest?.sequencer ?? entry?.sequencer;
  const file = {
    ...{ dataset, key, source_id: sourceIdOf(lake.raw.name, key) },
    uploaded_at: newest?.uploadedAt ?? entry?.uploadedAt,
    ...(sequencer !== undefined && { sequencer }),
    version_id: newest?.versionId ?? entry?.version,
    etag: newest?.etag,
    committed: entry !== undefined && entry.removedAt === undefined,
  };
  return { file, entry };
};

/** Keys that are compared with one that names nothing. */
const MAX_COMPARED = 1_000;

const nothingMatches = async (
  lake: Pick<Lake, 'raw' | 'silver' | 'gold'>,
  dataset: string,
  text: string,
): Promise<string> => {
  const known = new Set<string>();
  for await (const key of rawKeys(lake, `${dataset}/`)) {
    known.add(key);
    if (known.size === MAX_COMPARED) break;
  }
  const below = [...known].find((key) => key.startsWith(`${text}/`));
  const near = below === undefined ? nearMiss(text, [...known]) : `${text}/`;
  const advice = near === undefined ? '' : ` Did you mean ${JSON.stringify(near)}?`;
  return `Nothing to remove: silver.${dataset} has no rows of ${JSON.stringify(text)}, and raw has no such ${isPrefix(text) ? 'files' : 'file'}.${advice}`;
};
