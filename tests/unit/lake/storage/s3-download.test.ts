import { PART_BYTES, uploadPartBytes } from '../../../../shared/lake/storage/s3-download.ts';

const GB = 2 ** 30;

test.each([
  [9 * 2 ** 20, PART_BYTES],
  [78 * GB, PART_BYTES],
  [100 * GB, 10_737_419],
  [5 * 1024 * GB, 549_755_814],
])('an upload of %p bytes has parts of %p bytes, and at most 10,000 of them', (bytes, part) => {
  expect(uploadPartBytes(bytes)).toBe(part);
  expect(Math.ceil(bytes / part)).toBeLessThanOrEqual(10_000);
});
