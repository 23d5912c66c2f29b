import { z } from 'zod';
import { DIMENSIONS } from '../contract/model.ts';
import { ObjectCreated } from './event.ts';
import { Architecture } from './prices.ts';
import { Restarts } from './restarts.ts';
import { RunIdentity } from './run-identity.ts';

/**
 * Payloads of the state machine: the event, plus one entry per finished state. They hold pointers and counts, never rows,
 * and all keys are snake_case, because people read them in the console.
 */

/**
 * Usage of a state; the run record has the sum. Fields that earlier releases did not write are optional, because an
 * execution can begin before a deployment and end after it.
 */
export const Usage = z.object({
  duration_ms: z.number(),
  /** First invocation of a function's instance only: how long the instance took to start. */
  init_ms: z.number().optional(),
  memory_mb: z.number(),
  /** Size of `/tmp`. */
  storage_mb: z.number().optional(),
  architecture: Architecture.optional(),
  /** All requests to storage. */
  requests: z.number(),
  /** Requests that S3 charges as a PUT, and as a GET. The rest is free. */
  requests_write: z.number().optional(),
  requests_read: z.number().optional(),
  /** Requests to the catalog. */
  requests_catalog: z.number().optional(),
  bytes_read: z.number(),
  bytes_written: z.number(),
});
export type Usage = z.infer<typeof Usage>;

export const ValidateInput = ObjectCreated.extend({
  /** Present where the execution has gone back to Validate. */
  restarts: Restarts.optional(),
});
export type ValidateInput = z.infer<typeof ValidateInput>;

export const ValidateOutput = z.object({
  run: RunIdentity,
  /** The input of Validate where a later state finds another contract. Earlier releases cannot go back and lack it. */
  again: ValidateInput.optional(),
  contract_version: z.string(),
  format: z.string(),
  source_bytes: z.number(),
  rows: z.object({ read: z.number(), accepted: z.number(), rejected: z.number() }),
  /**
   * Staged objects in silver: every parsed record, typed, with its reasons; the rejected ones alone; and `gaps`, the places
   * of records that could not be parsed. Executions that began under an earlier release have no `gaps`.
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
  /** How duplicates were counted, by rule. Earlier releases had one way only and did not write it. */
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

/** The fate of a file. `removed`: its rows were taken out of the lake (`duckstep remove`); no execution has this status. */
export const RUN_STATUSES = ['loaded', 'superseded', 'quarantined', 'removed'] as const;

export const LoadOutput = z.object({
  /** `superseded`: a newer version of the file was committed first, or the file was removed; this one changed nothing. */
  status: z.enum(RUN_STATUSES).exclude(['removed']),
  silver_version: z.number(),
  gold: z.array(z.object({ model: z.string(), version: z.number(), partitions: z.number() })),
  run_record: z.string(),
  /** One sentence for people or more: that of the run record. Earlier releases did not write it, nor the counts. */
  reason: z.string().optional(),
  /** As in the run record. */
  rows_superseding: z.number().optional(),
  rows_superseded: z.number().optional(),
  usage: Usage,
});
export type LoadOutput = z.infer<typeof LoadOutput>;

export const QuarantineOutput = z.object({
  scope: z.enum(['file', 'rows']),
  /** Of a file that Validate refused, no other state knows it. Earlier releases did not write it. */
  run_id: z.string().optional(),
  rows: z.number(),
  /** Objects in the quarantine zone. */
  records: z.string(),
  report: z.string(),
  summary: z.string(),
  usage: Usage,
});
export type QuarantineOutput = z.infer<typeof QuarantineOutput>;

/** The entry that a Catch adds: the error's name and, as Lambda reports it, a JSON text with `errorMessage`. */
export const CaughtError = z.object({ Error: z.string(), Cause: z.string() });
export type CaughtError = z.infer<typeof CaughtError>;

export const QualityScoreInput = ObjectCreated.extend({ validate: ValidateOutput });
export const TransformInput = QualityScoreInput.extend({ quality: QualityOutput });
export const LoadToGoldInput = TransformInput.extend({ transform: TransformOutput });
export type LoadToGoldInput = z.infer<typeof LoadToGoldInput>;
export const QuarantineInput = ObjectCreated.extend({
  validate: ValidateOutput.optional(),
  quality: QualityOutput.optional(),
  transform: TransformOutput.optional(),
  load: LoadOutput.optional(),
  error: CaughtError.optional(),
});
export type QuarantineInput = z.infer<typeof QuarantineInput>;
