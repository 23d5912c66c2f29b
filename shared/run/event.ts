import { z } from 'zod';

/**
 * S3's "Object Created" event as EventBridge delivers it: the input of every execution. Source: Amazon S3
 * user guide, "EventBridge event message structure". Object keys are not URL-encoded in these events.
 */
export const ObjectCreated = z.object({
  source: z.string(),
  'detail-type': z.literal('Object Created'),
  time: z.iso.datetime({ offset: true }),
  detail: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({
      key: z.string().min(1),
      size: z.number().nonnegative().optional(),
      etag: z.string().optional(),
      'version-id': z.string().optional(),
      /** Orders events of one key: right-padded with zeros, the greater is the later. */
      sequencer: z.string().optional(),
    }),
  }),
  /** Present where `duckstep replay` started the execution: the event of the file version as it was, and this. */
  replay: z.object({ requested_at: z.iso.datetime() }).optional(),
});
export type ObjectCreated = z.infer<typeof ObjectCreated>;
