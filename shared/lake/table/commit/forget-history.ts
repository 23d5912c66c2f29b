import { UsageError } from '../../../errors.ts';
import { withoutSnapshots, withoutUnusedSchemas } from '../../iceberg/metadata.ts';
import type { TableMetadata } from '../../iceberg/types.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { MetadataFiles, type MetadataVersion } from './metadata-files.ts';

/**
 * Refuses a table of which another program keeps earlier snapshots: they cannot be expired, and hold rows that are to go.
 *
 * @throws UsageError
 */
export const refuseForeignSnapshots = (name: string, version: MetadataVersion | undefined): void => {
  if (version === undefined) return;
  const { refs, snapshots } = version.metadata;
  const others = Object.keys(refs).filter((ref) => ref !== 'main');
  if (others.length > 0)
    throw new UsageError(
      `${name} has the tag or branch ${others.join(', ')} of another program, which keeps earlier rows. Remove it there first.`,
    );
  if (version.snapshot !== undefined && version.snapshot.history.length !== snapshots.length)
    throw new UsageError(
      `${name} has snapshots outside of its history, which another program made. Expire them there first.`,
    );
};

/** Snapshots before the newest, and earlier metadata files that the table names. */
const historyOf = ({ metadata }: MetadataVersion): number =>
  metadata.snapshots.length - 1 + metadata['metadata-log'].length;

/**
 * Commits a version of a table's metadata that has no snapshot but the newest, and names no earlier metadata file. Readers
 * of earlier snapshots lose them. Changes nothing where the table has no history.
 *
 * @returns the newest version; undefined before the first commit
 * @throws UsageError when another program keeps earlier snapshots
 */
export const forgetHistory = async (
  store: ObjectStore,
  table: string,
): Promise<MetadataVersion | undefined> => {
  const files = new MetadataFiles(store, table);
  for (;;) {
    const newest = await files.newest();
    refuseForeignSnapshots(`${store.name}/${table}`, newest);
    if (newest === undefined || historyOf(newest) <= 0) return newest;
    const metadata = withoutHistory(newest.metadata);
    // Where another writer was first, its version is looked at next.
    if (!(await files.create(newest.version + 1, metadata))) continue;
    await files.writeHint(newest.version + 1);
    return files.of(newest.version + 1, metadata);
  }
};

const withoutHistory = (metadata: TableMetadata): TableMetadata => {
  const all = new Set(metadata.snapshots.map((each) => each['snapshot-id']));
  const kept = withoutUnusedSchemas(withoutSnapshots(metadata, all));
  const at = Math.max(Date.now(), metadata['last-updated-ms']);
  return { ...kept, 'metadata-log': [], 'last-updated-ms': at };
};

/**
 * The content that replaces an earlier metadata file whose name must stay taken: a writer that began with the version before it
 * would else commit under this name. It describes the same table, without any snapshot.
 */
export const emptiedMetadata = (metadata: TableMetadata): string =>
  JSON.stringify({
    ...metadata,
    'current-snapshot-id': null,
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
    refs: {},
  });
