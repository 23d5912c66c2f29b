import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { InvalidInput, UsageError } from '../../shared/errors.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';
import { sequencerOf } from '../../shared/lake/storage/folder-versions.ts';
import { isHidden, isPathSafe } from '../../shared/lake/storage/key-path.ts';
import type { ObjectInfo } from '../../shared/lake/storage/object-store.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import type { Upload } from '../uploads.ts';

/** A lake in a folder: one folder per zone; raw keeps the versions of its files. */
export interface LocalLake extends Lake {
  raw: FolderStore;
}

export const openLake = (folder: string): LocalLake => ({
  raw: new FolderStore(path.join(folder, 'raw'), { versioned: true }),
  silver: new FolderStore(path.join(folder, 'silver')),
  gold: new FolderStore(path.join(folder, 'gold')),
  quarantine: new FolderStore(path.join(folder, 'quarantine')),
});

/**
 * The event that S3 would send for this version of a raw file. Unlike in S3's events the time has milliseconds, so that
 * files which are dropped within one second have an order.
 *
 * @throws InvalidInput when the object has no version
 */
export const objectCreatedEvent = (bucket: string, object: ObjectInfo) => {
  if (object.versionId === undefined)
    throw new InvalidInput(`${bucket}/${object.key} has no version yet: adopt it first.`);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Object Created' as const,
    source: 'aws.s3',
    account: '000000000000',
    time: object.lastModified.toISOString(),
    region: 'us-east-1',
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: '0',
      bucket: { name: bucket },
      object: {
        key: object.key,
        size: object.size,
        etag: object.etag,
        'version-id': object.versionId,
        sequencer: sequencerOf(object.versionId),
      },
      reason: 'PutObject',
    },
  };
};

/** Copies a local file into raw, and returns the event of its new version. */
export const putInRaw = async ({ raw }: Pick<LocalLake, 'raw'>, { file, key }: Upload) => {
  await raw.upload(file, key);
  return objectCreatedEvent(raw.name, await raw.adopt(key)) satisfies ObjectCreated;
};

/** @throws UsageError when a key cannot be the name of a file in a folder, or would be hidden there */
export const refuseUnusableKeys = (uploads: readonly Upload[]): void => {
  for (const { file, key } of uploads)
    if (!isPathSafe(key) || isHidden(key))
      throw new UsageError(
        `${file} cannot become raw/${key}: no part of it may be empty, begin with a dot, or have a backslash.`,
      );
};
