import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { InvalidInput } from '../../shared/errors.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';
import { sequencerOf } from '../../shared/lake/storage/folder-versions.ts';
import type { ObjectInfo } from '../../shared/lake/storage/object-store.ts';

/** A lake in a folder: one folder per zone, raw keeping the versions of its files. */
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
 * The event that S3 would send for this version of a raw file. Unlike S3's its time has milliseconds, so that
 * files dropped within one second have an order.
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
