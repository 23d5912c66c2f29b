import { ListObjectsV2Command, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectInfo, ObjectVersion } from './object-store.ts';

/** Makes one request for a page. */
type Request = <Page>(send: (client: S3Client) => Promise<Page>) => Promise<Page>;

/** The etag as S3's events spell it. */
export const withoutQuotes = (etag: string | undefined): string => (etag ?? '').replaceAll('"', '');

/**
 * The objects of a bucket, page by page, in the order of their keys.
 *
 * @param after only keys behind this one
 */
export async function* objectsIn(
  Bucket: string,
  { prefix: Prefix, after }: { prefix: string; after?: string | undefined },
  request: Request,
): AsyncIterable<ObjectInfo> {
  const StartAfter = after === undefined ? {} : { StartAfter: after };
  let ContinuationToken: string | undefined;
  do {
    const command = new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken, ...StartAfter });
    const page = await request((client) => client.send(command));
    for (const { Key, Size, ETag, LastModified } of page.Contents ?? []) {
      if (Key === undefined) continue;
      const lastModified = LastModified ?? new Date(0);
      yield { key: Key, size: Size ?? 0, etag: withoutQuotes(ETag), lastModified };
    }
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
}

/** The versions of a bucket's objects, page by page: by key, of each key the newest first, as S3 orders them. */
export async function* versionsIn(
  Bucket: string,
  Prefix: string,
  request: Request,
): AsyncIterable<ObjectVersion> {
  let KeyMarker: string | undefined;
  let VersionIdMarker: string | undefined;
  do {
    const command = new ListObjectVersionsCommand({ Bucket, Prefix, KeyMarker, VersionIdMarker });
    const page = await request((client) => client.send(command));
    for (const { Key, VersionId, Size, ETag, LastModified, IsLatest } of page.Versions ?? []) {
      if (Key === undefined || VersionId === undefined) continue;
      yield {
        ...{ key: Key, size: Size ?? 0, etag: withoutQuotes(ETag), versionId: VersionId },
        lastModified: LastModified ?? new Date(0),
        isLatest: IsLatest ?? false,
      };
    }
    KeyMarker = page.IsTruncated ? page.NextKeyMarker : undefined;
    VersionIdMarker = page.IsTruncated ? page.NextVersionIdMarker : undefined;
  } while (KeyMarker !== undefined);
}
