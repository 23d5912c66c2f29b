import type { Schema } from '../../shared/lake/iceberg/types.ts';
import type { DataFile } from '../../shared/lake/table/data-file.ts';
import type { Intent } from '../../shared/stages/load-to-gold/silver/intent.ts';
import type { CommittedSource } from '../../shared/stages/load-to-gold/silver/sources.ts';
import type { StagedLayout } from '../../shared/stages/transform/staged-silver.ts';
import { runOf } from './silver-lake.ts';

/** Silver's plans are made of values: nothing here opens DuckDB or a store. */
export const SILVER: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', required: true, type: 'long' },
    { id: 2, name: 'day', required: false, type: 'string' },
    { id: 3, name: '_source_id', required: true, type: 'string' },
  ],
};

export const LAYOUT: StagedLayout = {
  schema: SILVER,
  columnIds: { id: 1, day: 2, _source_id: 3 },
  spec: { 'spec-id': 0, fields: [] },
  key: ['id'],
};

/** A file whose keys lie between two numbers, of one day. */
export const keysFile = (key: string, lower: number, upper: number, day = 'mon'): DataFile => ({
  key,
  specId: 0,
  partition: { day },
  rows: 1,
  bytes: 1,
  columns: { 1: { lower: String(lower), upper: String(upper) } },
});

/** The intent of the `turn`th upload of a file, which brings the rows that `content` names. */
export const intentOf = (
  file: string,
  turn: number,
  {
    content = `${file}${turn}`,
    fingerprint = 'contract',
    files = [],
    ...layout
  }: Partial<Intent['staged'] & { fingerprint: string }> = {},
): Intent => ({
  run: runOf(file, turn),
  fingerprint,
  staged: { ...LAYOUT, content, files, ...layout },
});

/** The entry that silver has of an intent's source once it is committed. */
export const committedOf = (
  { run, staged }: Intent,
  partitions: CommittedSource['partitions'] = staged.files.map(({ partition }) => partition),
): CommittedSource => ({
  runId: run.run_id,
  key: run.key,
  ...(run.version_id !== undefined && { version: run.version_id }),
  sequencer: run.sequencer,
  uploadedAt: run.uploaded_at,
  content: staged.content,
  ...(partitions !== undefined && { partitions }),
});

export const bySource = (...intents: Intent[]): Map<string, CommittedSource> =>
  new Map(intents.map((intent) => [intent.run.source_id, committedOf(intent)]));
