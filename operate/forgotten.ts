import type { CallOptions } from './call-options.ts';

export interface ForgetOptions extends CallOptions {
  /** A text for the receipt: the number of a ticket. It must not hold what is to be forgotten. */
  note?: string | undefined;
  /** Removes records in quarantine whose text contains this, whatever the condition says of them. */
  quarantineText?: string | undefined;
  /** Deletes the raw versions for good, where their other rows are in silver. */
  raw?: boolean | undefined;
  /** Only counts. */
  dryRun?: boolean | undefined;
}

/** A version of a raw file that holds matching rows, or may hold some. */
export interface RawLeft {
  key: string;
  version: string;
  bytes: number;
  /** ISO 8601. */
  uploaded_at: string;
  /** Whether rows of this very version were found. Of other versions of the same file it is not known. */
  holds: boolean;
  /** Why `--raw` does not delete it; undefined for one that it deletes. */
  kept?: string;
}

/** Objects that went from a place, and their bytes. */
export interface Gone {
  objects: number;
  bytes: number;
}

/** The account of a request: the counts of each place. It holds no values: a hash stands for the condition. */
export interface Receipt {
  id: string;
  dataset: string;
  /** ISO 8601: when it was begun, and when it was done; the latter is absent in a dry run. */
  requested_at: string;
  finished_at?: string;
  /** SHA-256 of the condition, in hex. */
  condition: string;
  note?: string;
  silver: { rows: number; shown: number; files: number; version?: number };
  gold: { model: string; version: number; partitions: number }[];
  /** Per table: earlier snapshots that are gone, and objects that held their rows. */
  tables: ({ table: string; snapshots: number } & Gone)[];
  staging: Gone & {
    /** Runs that have not ended, of this dataset or another: their staged rows were left. */
    left: string[];
  };
  quarantine: {
    records: number;
    files: number;
    /** Records that the condition cannot judge, by the key of their file: look at them. */
    not_judged: { key: string; records: number }[];
  };
  raw: {
    deleted: RawLeft[];
    left: RawLeft[];
    /** Source ids of files of which no run record says the key. */
    unknown: string[];
  };
  /** Places that were not looked at. */
  not_searched: string[];
}
