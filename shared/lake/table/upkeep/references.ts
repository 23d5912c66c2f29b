import { inParallel } from '../../../base/in-parallel.ts';
import { TableDamaged } from '../../../errors.ts';
import type { TableMetadata } from '../../iceberg/types.ts';
import { IndexTree } from '../../index-tree/index-tree.ts';
import { lakePaths } from '../../paths.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { MetadataVersion } from '../commit/table.ts';
import { Location } from '../location.ts';
import { SUMMARY } from '../properties.ts';
import type { LoadedManifest, Snapshot } from '../read/snapshot.ts';

/**
 * Keys of everything that a version of a table refers to: its metadata file and the earlier ones in its log, and the
 * manifest lists, manifests, data files, position deletes and index nodes of all its snapshots. Takes one request per
 * snapshot, per manifest and per branch of an index.
 *
 * @throws ObjectMissing, TableDamaged when any of these is missing or cannot be read
 */
export const referencedBy = async (
  store: ObjectStore,
  { metadata, file, snapshot }: MetadataVersion,
): Promise<Set<string>> => {
  if (snapshot === undefined) return new Set();
  const location = new Location(metadata.location, lakePaths.table(snapshot.table));
  const uris = [
    file,
    ...metadata['metadata-log'].map((entry) => entry['metadata-file']),
    ...statisticsOf(metadata),
  ];
  const keys = new Set(uris.map((uri) => location.keyOf(uri)));
  const snapshots = snapshot.history;
  if (snapshots.length !== metadata.snapshots.length)
    throw new TableDamaged(
      `Table ${snapshot.table} has snapshots outside of its history, which another program made. Remove its branches first.`,
    );
  const files = await filesOf(snapshots);
  for (const uri of files) keys.add(location.keyOf(uri));
  const tree = new IndexTree<unknown>(
    store,
    (node) => lakePaths.sources(snapshot.table, node),
    (value) => value,
  );
  const roots = snapshots.flatMap(({ properties }) => properties[SUMMARY.sources] ?? []);
  for (const node of await tree.reachable(roots)) keys.add(lakePaths.sources(snapshot.table, node));
  return keys;
};

/** URIs of the manifest lists, the manifests, and the files that they list. Each manifest is read once. */
export const filesOf = async (snapshots: readonly Snapshot[]): Promise<Set<string>> => {
  const uris = new Set(snapshots.map(({ entry }) => entry['manifest-list']));
  const lists = await inParallel(snapshots, (snapshot) => snapshot.manifests());
  const manifests = new Map(lists.flat().map((manifest) => [manifest.file.path, manifest]));
  await inParallel([...manifests], async ([uri, manifest]) => {
    uris.add(uri);
    for (const path of await liveIn(manifest)) uris.add(path);
  });
  return uris;
};

/** The live files of a manifest. A file that it lists as deleted belongs to an earlier snapshot's manifest, or to none. */
const liveIn = async (manifest: LoadedManifest): Promise<string[]> =>
  (await manifest.entries()).filter(({ status }) => status !== 'deleted').map(({ file }) => file.path);

/** Statistics files that other engines made and that the metadata names. */
const statisticsOf = (metadata: TableMetadata): string[] =>
  Object.entries(metadata)
    .filter(([name]) => ['statistics', 'partition-statistics'].includes(name))
    .flatMap(([, entries]) => (Array.isArray(entries) ? entries : []))
    .map((entry: Record<string, unknown>) => String(entry['statistics-path']));
