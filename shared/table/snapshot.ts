import { z } from 'zod';
import { InvalidInput } from '../errors.ts';

/** One immutable data file of a table, and what can be known of it without opening it. */
export interface DataFile {
  /** In the table's zone. */
  key: string;
  /** Silver: which source brought it. */
  sourceId?: string;
  /** Values as text, of the columns that the table is partitioned by. */
  partition: Record<string, string | null>;
  rows: number;
  bytes: number;
  /** Smallest and largest value, as text, of what was the first primary key column when the file was written. */
  keyBounds?: { min: string; max: string; column: string; type: string };
  /** Positions of the rows that another file's row of the same primary key supersedes. */
  mask?: { key: string; rows: number };
}

/** What is committed of one source. An event with a smaller sequencer is out of date. */
export interface SourceState {
  runId: string;
  sequencer: string;
  uploadedAt: string;
  /** Of the snapshot that committed it. */
  version: number;
}

/** One committed version of a table: all its files and where they came from. Never changed once written. */
export interface Snapshot {
  format: 1;
  /** Of this commit; tells a commit whose answer was lost on the way from another writer's. */
  id: string;
  table: string;
  version: number;
  committedAt: string;
  runId: string;
  operation: string;
  columns: { name: string; type: string }[];
  partitionedBy: string[];
  files: DataFile[];
  /** By source_id. */
  sources: Record<string, SourceState>;
  /** The partitions that this snapshot changed. */
  touched: Record<string, string | null>[] | 'all';
  /** For example, of which silver snapshots a gold table was built. */
  properties: Record<string, unknown>;
}

/** What a writer says of the next snapshot; the table adds the rest. */
export type Draft = Omit<Snapshot, 'format' | 'id' | 'table' | 'version' | 'committedAt'>;

const count = z.int().nonnegative();
const partition = z.record(z.string(), z.string().nullable());

const dataFile = z.object({
  key: z.string(),
  sourceId: z.string().exactOptional(),
  partition,
  rows: count,
  bytes: count,
  keyBounds: z
    .object({ min: z.string(), max: z.string(), column: z.string(), type: z.string() })
    .exactOptional(),
  mask: z.object({ key: z.string(), rows: count }).exactOptional(),
});

const sourceState = z.object({
  runId: z.string(),
  sequencer: z.string(),
  uploadedAt: z.string(),
  version: count,
});

const snapshot: z.ZodType<Snapshot> = z.object({
  format: z.literal(1),
  id: z.string(),
  table: z.string(),
  version: count,
  committedAt: z.string(),
  runId: z.string(),
  operation: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  partitionedBy: z.array(z.string()),
  files: z.array(dataFile),
  sources: z.record(z.string(), sourceState),
  touched: z.union([z.array(partition), z.literal('all')]),
  properties: z.record(z.string(), z.unknown()),
});

/** Parses a manifest; `where` is its place for the message. Throws `InvalidInput` for anything but a snapshot. */
export function parseSnapshot(text: string, where: string): Snapshot {
  const refuse = (reason: string, cause?: unknown) =>
    new InvalidInput(
      `${where} is not a table version that can be read: ${reason}. ` +
        'Restore the object, or process it with the release of duckstep that wrote it.',
      { cause },
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuse('not JSON', cause);
  }
  const parsed = snapshot.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refuse(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`, parsed.error);
}
