import type { CallOptions } from './call-options.ts';

export interface RebuildOptions extends CallOptions {
  /** Go on though files whose rows silver has are not in raw any more: these rows leave. */
  dropLost?: boolean | undefined;
  /** Only count what would be loaded. */
  dryRun?: boolean | undefined;
}

/** The result of a rebuild. */
export interface Rebuilt {
  dataset: string;
  /** Whether an interrupted rebuild went on. */
  resumed: boolean;
  /** Files that were loaded; that the contract refused, and are in quarantine; that are not in raw any more. */
  files: { loaded: number; refused: number; lost: number };
  /** Version of the silver table; undefined in a dry run. */
  silver_version?: number;
  gold: { model: string; version: number; partitions: number }[];
}
