import { z } from 'zod';
import { DIMENSIONS, type Severity } from '../../contract/model.ts';
import { InvalidInput } from '../../errors.ts';
import { RunIdentity } from '../../run/run-identity.ts';
import { parseStored } from '../../run/stored.ts';

const SEVERITIES = ['info', 'warning', 'error', 'critical'] as const satisfies readonly Severity[];

/** One rule of the contract, explicit or implied by its schema, as it was measured on a file. */
export const Measure = z.object({
  rule: z.string(),
  column: z.string().exactOptional(),
  dimension: z.enum(DIMENSIONS),
  severity: z.enum(SEVERITIES),
  /** For people: `mustBeLessThan 5 percent`, `no row without a value`. */
  threshold: z.string(),
  /** The number that the operator was applied to, in the rule's unit; rows failing, for implied rules. */
  measured: z.number(),
  /** Rows that fail, for rules about rows; absent for rules about the whole file. */
  rows_failing: z.number().exactOptional(),
  /** How duplicates were found (`shared/engine/strategy.ts`), for rules about duplicates. */
  strategy: z.string().exactOptional(),
  passed: z.boolean(),
  /** In [0, 1]: the rule's contribution to its dimension. */
  share: z.number(),
});
export type Measure = z.infer<typeof Measure>;

/** The document that QualityScore stages and Quarantine reads: the verdict, and the measure of every rule. */
export const QualityReport = z.object({
  run: RunIdentity,
  rows: z.object({ read: z.number(), accepted: z.number(), rejected: z.number() }),
  verdict: z.enum(['pass', 'fail']),
  score: z.number(),
  threshold: z.number(),
  scores: z.partialRecord(z.enum(DIMENSIONS), z.number()),
  reason: z.string(),
  measures: z.array(Measure),
});
export type QualityReport = z.infer<typeof QualityReport>;

/**
 * Reads a staged report back.
 *
 * @param key its place in silver, for the message
 * @throws InvalidInput when it is no report of QualityScore
 */
export const parseQualityReport = (body: string, key: string): QualityReport =>
  parseStored(
    QualityReport,
    body,
    (problem, cause) =>
      new InvalidInput(
        `Staged ${key} is not a report of QualityScore: ${problem}. Restore the object and redrive, or replay the file (\`duckstep replay KEY\`).`,
        { cause },
      ),
  );
