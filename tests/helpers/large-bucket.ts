import { ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { metered } from '../../shared/lake/storage/metered-store.ts';
import { S3Store } from '../../shared/lake/storage/s3-store.ts';

const PAGE = 1_000;
const PER_DATASET = 10_000;

/** Versions in the bucket: of ten datasets of 10,000 files, one each. */
export const LARGE = 10 * PER_DATASET;
export const UPLOADED = new Date('2026-11-21T08:00:00Z');

/** `d0/00000.csv` to `d9/09999.csv`, in the order of their keys. The version of the nth file is `v<n>`. */
export const keyOf = (n: number): string =>
  `d${Math.floor(n / PER_DATASET)}/${String(n % PER_DATASET).padStart(5, '0')}.csv`;

/** A bucket that makes its listing up, page by page, behind a mocked client; and a counter of its requests. */
export const largeBucket = () => {
  const mock = mockClient(S3Client);
  mock.on(ListObjectVersionsCommand).callsFake(({ Prefix = '', KeyMarker }) => {
    const [first, count] = Prefix.startsWith('d')
      ? [Number(Prefix[1]) * PER_DATASET, PER_DATASET]
      : [0, LARGE];
    const from = KeyMarker === undefined ? first : first + Number(KeyMarker);
    const length = Math.min(PAGE, first + count - from);
    const Versions = Array.from({ length }, (_, i) => ({
      ...{ Key: keyOf(from + i), VersionId: `v${from + i}`, ETag: '"e"', Size: 9 },
      ...{ LastModified: UPLOADED, IsLatest: true },
    }));
    const next = from - first + length;
    return { Versions, IsTruncated: next < count, ...(next < count && { NextKeyMarker: String(next) }) };
  });
  return metered(new S3Store(new S3Client({ region: 'eu-west-1' }), 'raw'));
};
