import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';

interface Version {
  body: Buffer;
  etag: string;
  lastModified: Date;
  versionId: string;
  deleted: boolean;
}

export const s3Error = (status: number, name: string): S3ServiceException =>
  new S3ServiceException({ name, message: name, $fault: 'client', $metadata: { httpStatusCode: status } });

const bytesOf = async (body: unknown): Promise<Buffer> =>
  body instanceof Readable ? await buffer(body) : Buffer.from((body ?? '') as Uint8Array | string);

/**
 * One bucket in memory behind a mocked S3 client, with conditional writes, ranges, versions, pages and multipart
 * uploads like those of S3. `mock` counts the requests and can be set to fail.
 */
export const fakeS3 = ({ versioned = false, pageSize = 1_000 } = {}) => {
  const objects = new Map<string, Version[]>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const client = new S3Client({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const mock = mockClient(client);

  const store = (key: string, body: Buffer, deleted = false) => {
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    const version = { body, etag, deleted, lastModified: new Date(), versionId: randomUUID() };
    objects.set(key, versioned ? [...(objects.get(key) ?? []), version] : [version]);
    return { ETag: etag, ...(versioned && { VersionId: version.versionId }) };
  };
  const latest = (key: string) => {
    const version = objects.get(key)?.at(-1);
    return version?.deleted ? undefined : version;
  };
  const find = ({ Key = '', VersionId, IfMatch }: Partial<GetObjectCommandInput>, name: string) => {
    const version = VersionId
      ? objects.get(Key)?.find(({ versionId }) => versionId === VersionId)
      : latest(Key);
    if (!version) throw s3Error(404, name);
    if (IfMatch && IfMatch !== version.etag) throw s3Error(412, 'PreconditionFailed');
    return version;
  };
  const described = ({ etag, lastModified, versionId }: Version) => ({
    ETag: etag,
    LastModified: lastModified,
    ...(versioned && { VersionId: versionId }),
  });

  mock.on(HeadObjectCommand).callsFake(async (input) => {
    const version = find(input, 'NotFound');
    return { ...described(version), ContentLength: version.body.length };
  });
  mock.on(GetObjectCommand).callsFake(async (input) => {
    const version = find(input, 'NoSuchKey');
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(input.Range ?? '') ?? [];
    if (from !== undefined && Number(from) >= version.body.length) throw s3Error(416, 'InvalidRange');
    const part = from === undefined ? version.body : version.body.subarray(Number(from), Number(to) + 1);
    const range = from !== undefined && {
      ContentRange: `bytes ${from}-${Number(from) + part.length - 1}/${version.body.length}`,
    };
    return { ...described(version), ...range, ContentLength: part.length, Body: Readable.from([part]) };
  });
  mock.on(PutObjectCommand).callsFake(async (input) => {
    const body = await bytesOf(input.Body);
    // Like the emulator, which truncates the body of the response, so that the SDK cannot read the error's name.
    if (input.IfNoneMatch === '*' && latest(input.Key)) throw s3Error(412, 'UnknownError');
    return store(input.Key, body);
  });
  mock.on(DeleteObjectCommand).callsFake(async ({ Key, IfMatch }) => {
    if (IfMatch) find({ Key, IfMatch }, 'NoSuchKey');
    if (versioned) store(Key, Buffer.alloc(0), true);
    else objects.delete(Key);
    return {};
  });
  mock.on(DeleteObjectsCommand).callsFake(async ({ Delete }) => {
    for (const { Key, VersionId } of Delete.Objects) {
      if (VersionId !== undefined) {
        const left = (objects.get(Key) ?? []).filter(
          ({ versionId }) => versionId !== VersionId && VersionId !== 'null',
        );
        if (left.length > 0) objects.set(Key, left);
        else objects.delete(Key);
      } else if (versioned) store(Key, Buffer.alloc(0), true);
      else objects.delete(Key);
    }
    return {};
  });
  mock.on(ListObjectsV2Command).callsFake(async ({ Prefix = '', ContinuationToken, StartAfter = '' }) => {
    const after = Buffer.from(StartAfter);
    const keys = [...objects.keys()]
      .filter((key) => key.startsWith(Prefix) && latest(key) && Buffer.compare(Buffer.from(key), after) > 0)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const start = Number(ContinuationToken ?? 0);
    const end = start + pageSize;
    const Contents = keys.slice(start, end).map((key) => {
      const version = find({ Key: key }, 'NoSuchKey');
      return { Key: key, Size: version.body.length, ETag: version.etag, LastModified: version.lastModified };
    });
    const more = end < keys.length;
    return { Contents, IsTruncated: more, ...(more && { NextContinuationToken: String(end) }) };
  });
  mock.on(ListObjectVersionsCommand).callsFake(async ({ Prefix = '', KeyMarker, VersionIdMarker }) => {
    const all = [...objects.keys()]
      .filter((key) => key.startsWith(Prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .flatMap((key) =>
        (objects.get(key) ?? [])
          .map((version, i, own) => ({ ...version, key, isLatest: i === own.length - 1 }))
          .toReversed(),
      );
    // The page begins behind the version that the markers name.
    const start =
      all.findIndex(({ key, versionId }) => key === KeyMarker && versionId === VersionIdMarker) + 1;
    const page = all.slice(start, start + pageSize);
    const [entries, marks] = [false, true].map((deleted) => page.filter((each) => each.deleted === deleted));
    const last = page.at(-1);
    const more = start + pageSize < all.length;
    return {
      Versions: entries?.map(({ key, body, etag, lastModified, versionId, isLatest }) => ({
        ...{ Key: key, Size: body.length, ETag: etag, LastModified: lastModified, IsLatest: isLatest },
        VersionId: versioned ? versionId : 'null',
      })),
      DeleteMarkers: marks?.map(({ key, versionId, isLatest }) => ({
        ...{ Key: key, VersionId: versionId, IsLatest: isLatest },
      })),
      IsTruncated: more,
      ...(more && { NextKeyMarker: last?.key, NextVersionIdMarker: last?.versionId }),
    };
  });
  mock.on(CreateMultipartUploadCommand).callsFake(async () => {
    const UploadId = randomUUID();
    uploads.set(UploadId, new Map());
    return { UploadId };
  });
  mock.on(UploadPartCommand).callsFake(async ({ UploadId, PartNumber, Body }) => {
    uploads.get(UploadId)?.set(PartNumber, await bytesOf(Body));
    return { ETag: `"part-${PartNumber}"` };
  });
  mock.on(CompleteMultipartUploadCommand).callsFake(async ({ UploadId, Key }) => {
    const parts = [...(uploads.get(UploadId) ?? [])].sort(([a], [b]) => a - b);
    return { Key, ...store(Key, Buffer.concat(parts.map(([, part]) => part))) };
  });

  return { client, mock };
};
