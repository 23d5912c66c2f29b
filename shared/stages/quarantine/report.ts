import { z } from 'zod';
import { RunIdentity } from '../../run/run-identity.ts';
import { Measure } from '../quality-score/report.ts';

/** How many records one rule rejected, in one column or (`column` is null) in the record as a whole. */
export const RejectedColumn = z.object({ column: z.string().nullable(), rule: z.string(), rows: z.number() });
export type RejectedColumn = z.infer<typeof RejectedColumn>;

/** The document in the quarantine zone that says what was rejected and why. `summarise` makes a text of it. */
export const QuarantineReport = z.object({
  run: RunIdentity,
  scope: z.enum(['file', 'rows']),
  reason: z.string(),
  /**
   * Rejected rows per column and rule; a row may break several. The key is not `rejected`, because programs of users
   * already read it under this name.
   */
  refused: z.array(RejectedColumn),
  /** Why Validate failed. */
  error: z.object({ name: z.string(), message: z.string() }).exactOptional(),
  rows: z.object({ read: z.number(), accepted: z.number(), rejected: z.number() }).exactOptional(),
  score: z.number().exactOptional(),
  scores: z.record(z.string(), z.number()).exactOptional(),
  measures: z.array(Measure).exactOptional(),
});
export type QuarantineReport = z.infer<typeof QuarantineReport>;
