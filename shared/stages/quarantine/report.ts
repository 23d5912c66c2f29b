import { z } from 'zod';
import { InvalidInput } from '../../errors.ts';
import { RunIdentity } from '../../run/run-identity.ts';
import { parseStored } from '../../run/stored.ts';
import { Measure } from '../quality-score/report.ts';

/** A value that a rule refused, and in how many rows. */
export const RefusedValue = z.object({
  /** At most `MAX_SHOWN` characters, and `…` where there were more. Absent where the values are masked. */
  value: z.string().exactOptional(),
  /** Characters, where the values are masked. A value of more than 200 counts as 200. */
  length: z.number().exactOptional(),
  rows: z.number(),
});
export type RefusedValue = z.infer<typeof RefusedValue>;

/** How many records one rule rejected, in one column or (`column` is null) in the record as a whole. */
export const RejectedColumn = z.object({
  column: z.string().nullable(),
  rule: z.string(),
  rows: z.number(),
  /** Whether the contract classifies the column as one whose values are not shown. */
  masked: z.boolean().exactOptional(),
  /**
   * How many different values were refused; those that agree in their first 200 characters count as one. Earlier releases
   * did not write it.
   */
  distinct: z.number().exactOptional(),
  /** The most frequent of them, at most `MAX_VALUES`. */
  values: z.array(RefusedValue).exactOptional(),
});
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
  /**
   * As the rows were judged one by one: read = accepted (they keep the contract) + rejected (they break it). With the scope
   * `file` the accepted ones were refused with the file.
   */
  rows: z.object({ read: z.number(), accepted: z.number(), rejected: z.number() }).exactOptional(),
  /** The raw file. Earlier releases did not write it. */
  file: z
    .object({
      bytes: z.number().exactOptional(),
      format: z.string().exactOptional(),
      /** Records of a file that Validate refused, where it had counted them. */
      records: z.number().exactOptional(),
    })
    .exactOptional(),
  score: z.number().exactOptional(),
  scores: z.record(z.string(), z.number()).exactOptional(),
  measures: z.array(Measure).exactOptional(),
});
export type QuarantineReport = z.infer<typeof QuarantineReport>;

/**
 * Reads a report back.
 *
 * @param key its place in the quarantine zone, for the message
 * @throws InvalidInput when it is no report of Quarantine
 */
export const parseQuarantineReport = (body: string, key: string): QuarantineReport =>
  parseStored(
    QuarantineReport,
    body,
    (problem, cause) =>
      new InvalidInput(`quarantine/${key} is not a report of Quarantine: ${problem}. Restore the object.`, {
        cause,
      }),
  );
