import os from 'node:os';
import { z } from 'zod';
import type { Resources } from '../engine/resources.ts';
import { ConfigurationError } from '../errors.ts';
import { MAX_STORAGE_MB } from '../run/consumption.ts';
import type { Architecture } from '../run/prices.ts';

/** Settings of the machine or function that a step runs on. */
export interface Config extends Resources {
  /** Size of the scratch folder in MB; used for cost only. */
  storageMb?: number;
  /** The processor; used for cost only. */
  architecture?: Architecture;
  /**
   * Memory for the second try of a step that ran out of `memoryMb`, in MB. Laptop only: in Lambda the second try is
   * another function.
   */
  retryMemoryMb?: number;
  /** Folder that holds one folder per dataset. */
  sqlDir: string;
  /** A larger file is rejected before it is downloaded, in bytes; no limit when absent. */
  maxFileBytes?: number;
  /** A file may not grow past this when decompressed, in bytes. */
  maxUnpackedBytes: number;
  /** A record longer than this is rejected, in bytes. */
  maxRecordBytes: number;
  /** Maintenance starts files of the last days that never ran; 0 for not looking. */
  missingDays?: number;
  /**
   * LoadToGold leaves with `CommitConflict` after waiting this long for other writers, in milliseconds. Default: that of
   * `Table`. In Lambda it is short, because waiting costs there, and nothing in Step Functions.
   */
  commitPatienceMs?: number;
}

const MB = 2 ** 20;

/** Longer than a weekend without maintenance. */
const DEFAULT_MISSING_DAYS = 3;

/** Lambda gives one vCPU per 1,769 MB (AWS Lambda developer guide, "Configure Lambda function memory"). */
const MB_PER_VCPU = 1769;

/** DuckDB threads for a function of this memory. */
const threadsFor = (memoryMb: number): number => Math.max(1, Math.floor(memoryMb / MB_PER_VCPU));

/** How long a function waits for other writers, in seconds: about as long as a few commits take. */
const LAMBDA_COMMIT_PATIENCE = 10;

const Environment = z.object({
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().int().positive().optional(),
  DUCKSTEP_MEMORY_MB: z.coerce.number().int().min(128).optional(),
  DUCKSTEP_STORAGE_MB: z.coerce.number().int().min(512).max(MAX_STORAGE_MB).default(MAX_STORAGE_MB),
  DUCKSTEP_RETRY_MEMORY_MB: z.coerce.number().int().min(128).optional(),
  /** The name of DUCKSTEP_RETRY_MEMORY_MB in earlier releases. */
  DUCKSTEP_MEMORY_LARGEST_MB: z.coerce.number().int().min(128).optional(),
  DUCKSTEP_SQL_DIR: z.string().min(1).optional(),
  DUCKSTEP_SCRATCH_DIR: z.string().min(1).optional(),
  DUCKSTEP_MAX_FILE_MB: z.coerce.number().positive().optional(),
  DUCKSTEP_MAX_UNPACKED_MB: z.coerce.number().positive().default(20_480),
  DUCKSTEP_MAX_RECORD_MB: z.coerce.number().positive().max(128).default(16),
  DUCKSTEP_MISSING_DAYS: z.coerce.number().min(0).default(DEFAULT_MISSING_DAYS),
  /** Less than twice the lease of a lock would not be enough to notice that its holder is dead. */
  DUCKSTEP_COMMIT_PATIENCE_SECONDS: z.coerce.number().min(10).max(600).optional(),
});

/**
 * Reads the configuration from environment variables; `docs/configuration.md` lists them.
 *
 * @throws ConfigurationError naming every variable that is wrong
 */
export const configFromEnv = (env: NodeJS.ProcessEnv, defaults: { sqlDir: string }): Config => {
  const parsed = Environment.safeParse(env);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigurationError(`Environment variables cannot be used: ${wrong.join('; ')}.`);
  }
  const vars = parsed.data;
  const lambdaMb = vars.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
  const memoryMb = vars.DUCKSTEP_MEMORY_MB ?? lambdaMb ?? laptopMemoryMb();
  const commitPatience =
    vars.DUCKSTEP_COMMIT_PATIENCE_SECONDS ?? (lambdaMb === undefined ? undefined : LAMBDA_COMMIT_PATIENCE);
  return {
    memoryMb,
    storageMb: vars.DUCKSTEP_STORAGE_MB,
    // A laptop's runs are priced as the functions that are deployed by default.
    architecture: lambdaMb !== undefined && process.arch === 'x64' ? 'x86_64' : 'arm64',
    ...(lambdaMb === undefined && {
      retryMemoryMb: Math.max(
        memoryMb,
        vars.DUCKSTEP_RETRY_MEMORY_MB ?? vars.DUCKSTEP_MEMORY_LARGEST_MB ?? halfOfTheLaptop(),
      ),
    }),
    threads: lambdaMb === undefined ? os.availableParallelism() : threadsFor(memoryMb),
    sqlDir: vars.DUCKSTEP_SQL_DIR ?? defaults.sqlDir,
    scratchRoot: vars.DUCKSTEP_SCRATCH_DIR ?? os.tmpdir(),
    ...(vars.DUCKSTEP_MAX_FILE_MB !== undefined && { maxFileBytes: vars.DUCKSTEP_MAX_FILE_MB * MB }),
    maxUnpackedBytes: vars.DUCKSTEP_MAX_UNPACKED_MB * MB,
    maxRecordBytes: vars.DUCKSTEP_MAX_RECORD_MB * MB,
    missingDays: vars.DUCKSTEP_MISSING_DAYS,
    ...(commitPatience !== undefined && { commitPatienceMs: commitPatience * 1_000 }),
  };
};

const halfOfTheLaptop = (): number => Math.floor(os.totalmem() / MB / 2);

/** A quarter of the machine per step: several files run at once beside the user's other programs. */
const laptopMemoryMb = (): number => Math.max(512, Math.min(4096, Math.floor(os.totalmem() / MB / 4)));
