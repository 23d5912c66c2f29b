import { randomUUID } from 'node:crypto';
import { inParallel } from '../../../base/in-parallel.ts';
import { TableDamaged } from '../../../errors.ts';
import { describeManifest, writeManifest } from '../../iceberg/manifest.ts';
import type { ContentFile, ManifestEntry, ManifestFile, PartitionSpec, Schema } from '../../iceberg/types.ts';
import { isKnown, namedPartition, partitionNames } from '../partition-names.ts';
import { mayHold } from '../read/manifest-pruning.ts';
import type { LoadedManifest } from '../read/snapshot.ts';

/** A manifest with fewer files than this is small, and may be merged with others. */
const SMALL_FILES = 500;

/** If there are this many small manifests of one kind, the next commit of files merges them. */
const MAX_SMALL = 8;

/** Files of one manifest. */
const MAX_FILES = 2_000;

export interface ManifestChange {
  content: 'data' | 'deletes';
  base: readonly LoadedManifest[];
  added: readonly ContentFile[];
  removed: readonly ContentFile[];
  snapshotId: number;
  sequenceNumber: number;
  schema: Schema;
  specs: readonly PartitionSpec[];
  /** URI of a new file in the table's folder of metadata. */
  uriOf: (name: string) => string;
  write: (uri: string, body: Buffer) => Promise<void>;
}

/**
 * The manifests of one kind after a change. Manifests without a removed file stay unchanged, so that a commit writes only
 * what it changes. Small ones are merged now and then, so that readers open few.
 */
export const nextManifests = async (change: ManifestChange): Promise<ManifestFile[]> => {
  const ofContent = change.base.filter(({ file }) => file.content === change.content && hasFiles(file));
  const removed = new Set(change.removed.map(({ path }) => path));
  const holders = await holdersOf(ofContent, change);
  const kept = ofContent.filter((manifest) => !holders.has(manifest));
  const written: ManifestFile[] = [];
  for (const spec of change.specs) {
    const specId = spec['spec-id'];
    const smalls = kept.filter(({ file }) => file.specId === specId && sizeOf(file) < SMALL_FILES);
    const changed = [...holders].filter(({ file }) => file.specId === specId);
    const added = change.added.filter((file) => file.specId === specId);
    if (changed.length + added.length === 0) continue;
    const merged = smalls.length >= MAX_SMALL ? smalls : [];
    for (const manifest of merged) kept.splice(kept.indexOf(manifest), 1);
    const read = await inParallel([...changed, ...merged], async (manifest) => await manifest.entries());
    const entries = [
      ...read.flat().flatMap((entry) => carryOver(entry, removed, change.snapshotId)),
      ...added.map((file): ManifestEntry => ({ status: 'added', ...stampOf(change), file })),
    ];
    // Deleted files of a spec whose columns were dropped cannot be written, and no reader needs them.
    if (!isKnown(spec, change.schema) && entries.every(({ status }) => status === 'deleted')) continue;
    for (let start = 0; start < entries.length; start += MAX_FILES)
      written.push(await writeOne(change, spec, entries.slice(start, start + MAX_FILES)));
  }
  return [...kept.map(({ file }) => file), ...written];
};

const stampOf = ({
  snapshotId,
  sequenceNumber,
}: ManifestChange): { snapshotId: number; sequenceNumber: number } => ({
  snapshotId,
  sequenceNumber,
});

const sizeOf = ({ added, existing }: ManifestFile): number => added.files + existing.files;

const hasFiles = (file: ManifestFile): boolean => sizeOf(file) > 0;

/**
 * The entry in a rewritten manifest. Only the snapshot that deletes a file lists it as deleted; later ones omit it. It is
 * listed without bounds, which are values of rows: these may be gone because they were to be forgotten.
 */
const carryOver = (
  entry: ManifestEntry,
  removed: ReadonlySet<string>,
  snapshotId: number,
): ManifestEntry[] => {
  if (entry.status === 'deleted') return [];
  if (removed.has(entry.file.path))
    return [{ ...entry, file: { ...entry.file, columns: {} }, status: 'deleted', snapshotId }];
  return [{ ...entry, status: 'existing' }];
};

/** The manifests that list the removed files. Those whose bounds exclude the files are read only if any are not found. */
const holdersOf = async (
  manifests: readonly LoadedManifest[],
  { removed, specs, schema }: ManifestChange,
): Promise<Set<LoadedManifest>> => {
  const missing = new Set(removed.map(({ path }) => path));
  const holders = new Set<LoadedManifest>();
  const search = async (candidates: readonly LoadedManifest[]): Promise<void> => {
    if (missing.size === 0) return;
    const read = await inParallel(candidates, async (manifest) => ({
      manifest,
      entries: await manifest.entries(),
    }));
    for (const { manifest, entries } of read)
      for (const { status, file } of entries)
        if (status !== 'deleted' && missing.delete(file.path)) holders.add(manifest);
  };
  const likely = new Set(
    specs.flatMap((spec) => {
      const names = partitionNames(spec, schema);
      const partitions = new Map(
        removed
          .filter(({ specId }) => specId === spec['spec-id'])
          .map(({ partition }) => [JSON.stringify(partition), namedPartition(names, partition)]),
      );
      return manifests.filter(
        ({ file }) =>
          file.specId === spec['spec-id'] &&
          [...partitions.values()].some((partition) => mayHold(file, spec, schema, partition)),
      );
    }),
  );
  await search([...likely]);
  await search(manifests.filter((manifest) => !likely.has(manifest)));
  if (missing.size > 0)
    throw new TableDamaged(
      `${[...missing].join(', ')} is not in the snapshot that it should be removed from.`,
    );
  return holders;
};

const writeOne = async (
  change: ManifestChange,
  spec: PartitionSpec,
  entries: readonly ManifestEntry[],
): Promise<ManifestFile> => {
  const input = { schema: change.schema, spec, content: change.content, entries };
  const body = await writeManifest(input);
  const uri = change.uriOf(`${randomUUID()}-${change.content}.avro`);
  await change.write(uri, body);
  return describeManifest(uri, body.length, { ...input, ...stampOf(change) });
};
