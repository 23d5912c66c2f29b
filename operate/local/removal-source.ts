import { ObjectMissing } from '../../shared/errors.ts';
import { sequencerOf } from '../../shared/lake/storage/folder-versions.ts';
import type { ObjectInfo } from '../../shared/lake/storage/object-store.ts';
import type { RemovalSource } from '../removal/remove-files.ts';
import type { NewestVersion } from '../removal/select-files.ts';
import type { Workspace } from './workspace.ts';

/** A lake in a folder, for removals. A file that a person has dropped gets its version first, so that raw keeps it. */
export const removalSource = ({ lake, config }: Pick<Workspace, 'lake' | 'config'>): RemovalSource => ({
  lake,
  config,
  newestOf: async (key) =>
    versionOf(
      await lake.raw.adopt(key).catch((error: unknown) => {
        if (error instanceof ObjectMissing) return undefined;
        throw error;
      }),
    ),
  peekNewest: async (key) => versionOf(await lake.raw.head(key)),
});

const versionOf = (object: ObjectInfo | undefined): NewestVersion | undefined =>
  object && {
    etag: object.etag,
    uploadedAt: object.lastModified.toISOString(),
    ...(object.versionId !== undefined && {
      versionId: object.versionId,
      sequencer: sequencerOf(object.versionId),
    }),
  };
