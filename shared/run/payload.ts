import { z } from 'zod';
import { DIMENSIONS } from '../contract/model.ts';
import { ObjectCreated } from './event.ts';
import { Architecture } from './prices.ts';
import { RunIdentity } from './run-identity.ts';

/**
 * What travels through the state machine: the event, plus one entry per finished state. Pointers and counts,
 * never rows, and snake_case throughout, because people read it in the console.
 */

/**
 * What a state used; summed up in the run record. Optional is what earlier releases did not say: executions go on
 * across a deployment.
 */
export const Usage = z.object({
  duration_ms: z.number(),
  /** Of the first invocation of a function's instance: what starting it took before. */
  init_ms: z.number().optional(),
  memory_mb: z.number(),
  /** Of `/tmp`. */
  storage_mb: z.number().optional(),
  architecture: Architecture.optional(),
  /** To storage: all of them. */
  requests: z.number(),
  /** Those that S3 charges as a PUT, and as a GET. The rest is free. */
  requests_write: z.number().optional(),
  requests_read: z.number().optional(),
  /** To the catalog. */
  requests_catalog: z.number().optional(),
  bytes_read: z.number(),
  bytes_written: z.number(),
});
export type Usage = z.infer<typeof Usage>;

export const ValidateOutput = z.object({
  run: RunIdentity,
  contract_version: z.string(),
  format: z.string(),
  source_bytes: z.number(),
  rows: z.object({ read: z.number(), accepted: z.number(), rejected: z.number() }),
  /**
   * Staged objects in silver: every parsed record, typed, with its reasons; the refused ones alone; and where records
   * could not be parsed, which executions that began before that was staged do not say.
   */
  staged: z.object({
    records: z.string(),
    rejected: z.string().optional(),
    gaps: z.string().optional(),
  }),
  /** Source columns that the contract does not know: the first twenty. */
  unknown_columns: z.array(z.string()),
  usage: Usage,
});
export type ValidateOutput = z.infer<typeof ValidateOutput>;

export const QualityOutput = z.object({
  verdict: z.enum(['pass', 'fail']),
  score: z.number(),
  threshold: z.number(),
  scores: z.partialRecord(z.enum(DIMENSIONS), z.number()),
  /** Staged object in silver with every rule's measure. */
  report: z.string(),
  /** Ids of broken rules, at most ten. */
  broken_rules: z.array(z.string()),
  /** How duplicates were counted, by rule. Executions that began before there was a choice have none. */
  strategies: z.record(z.string(), z.string()).default({}),
  /** One sentence for people. */
  reason: z.string(),
  usage: Usage,
});
export type QualityOutput = z.infer<typeof QualityOutput>;

export const TransformOutput = z.object({
  rows: z.object({ filtered: z.number(), duplicate: z.number(), silver: z.number() }),
  /** Staged object in silver that lists the data files written. */
  files: z.string(),
  file_count: z.number(),
  /** How rows of one key were found, where the contract has a key. */
  strategies: z.record(z.string(), z.string()).default({}),
  usage: Usage,
});
export type TransformOutput = z.infer<typeof TransformOutput>;

export const RUN_STATUSES = ['loaded', 'superseded', 'quarantined'] as const;

export const LoadOutput = z.object({
  /** `superseded`: a newer version of the file was committed first, so this one changed nothing. */
  status: z.enum(RUN_STATUSES),
  silver_version: z.number(),
  gold: z.array(z.object({ model: z.string(), version: z.number(), partitions: z.number() })),
  run_record: z.string(),
  usage: Usage,
});
export type LoadOutput = z.infer<typeof LoadOutput>;

export const QuarantineOutput = z.object({
  scope: z.enum(['file', 'rows']),
  rows: z.number(),
  /** Objects in the quarantine zone. */
  records: z.string(),
  report: z.string(),
  summary: z.string(),
  usage: Usage,
});
export type QuarantineOutput = z.infer<typeof QuarantineOutput>;

/** What a Catch adds: the error's name and, as Lambda reports it, a JSON text with `errorMessage`. */
export const CaughtError = z.object({ Error: z.string(), Cause: z.string() });
export type CaughtError = z.infer<typeof CaughtError>;

export const ValidateInput = ObjectCreated;
export const QualityScoreInput = ObjectCreated.extend({ validate: ValidateOutput });
export const TransformInput = QualityScoreInput.extend({ quality: QualityOutput });
export const LoadToGoldInput = TransformInput.extend({ transform: TransformOutput });
export const QuarantineInput = ObjectCreated.extend({
  validate: ValidateOutput.optional(),
  quality: QualityOutput.optional(),
  transform: TransformOutput.optional(),
  load: LoadOutput.optional(),
  error: CaughtError.optional(),
});
