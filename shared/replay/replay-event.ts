import { createHash } from 'node:crypto';
import type { ObjectCreated } from '../run/event.ts';
import type { PlannedFile } from './choose-files.ts';

/** The event that S3 sent for the version, as far as a run needs it, with the time of the replay. It depends on nothing else. */
export const replayEvent = (
  bucket: string,
  { key, version_id, etag, sequencer, uploaded_at, bytes }: PlannedFile,
  requestedAt: string,
): ObjectCreated => ({
  source: 'aws.s3',
  'detail-type': 'Object Created',
  time: uploaded_at,
  detail: {
    bucket: { name: bucket },
    object: {
      ...{ key, size: bytes, etag, sequencer },
      ...(version_id !== undefined && { 'version-id': version_id }),
    },
  },
  replay: { requested_at: requestedAt },
});

/**
 * The name of the execution that replays a version: `replay-20261201T030405678Z-<hash>`. The same replay gives the same
 * version the same name, so that Step Functions starts it once, however often it is asked.
 */
export const executionName = ({ detail, replay }: ObjectCreated): string => {
  const { bucket, object } = detail;
  const at = (replay?.requested_at ?? '').replaceAll(/[-:.]/g, '');
  const version = [bucket.name, object.key, object['version-id'] ?? object.etag ?? '', at].join('\0');
  return `replay-${at}-${createHash('sha256').update(version).digest('hex').slice(0, 24)}`;
};
