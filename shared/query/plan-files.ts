import type { Db } from '../engine/with-duckdb.ts';
import { registerTransforms } from '../lake/iceberg/bucket.ts';
import { currentSchema } from '../lake/iceberg/metadata.ts';
import type { Field, ManifestFile, PartitionSpec } from '../lake/iceberg/types.ts';
import type { DataFile, TableColumn } from '../lake/table/data-file.ts';
import { partitionNames } from '../lake/table/partition-names.ts';
import type { Snapshot } from '../lake/table/read/snapshot.ts';
import type { Filter } from './filters.ts';
import {
  type Comparison,
  columnCondition,
  comparisonsOf,
  excludedBy,
  isFloat,
  partitionConditions,
  type Range,
  UNKNOWN,
} from './range-conditions.ts';

/**
 * The files of a snapshot that may hold rows for which all filters are true. First skips manifests by the ranges of their
 * partitions, then files by their partition and by the bounds of their columns.
 *
 * DuckDB makes the comparisons, so that they mean what they mean in the query (`'2024-01-02' < day`). A filter that it
 * cannot compare with ranges skips nothing.
 *
 * @param columns the columns of the view; filters on other columns are ignored
 */
export const planFiles = async (
  db: Db,
  snapshot: Snapshot,
  columns: readonly TableColumn[],
  filters: readonly Filter[],
): Promise<DataFile[]> => {
  const comparisons = comparisonsOf(filters, columns);
  if (comparisons.length === 0) return await snapshot.files();
  registerTransforms(db);
  const skipped = await manifestsToSkip(db, snapshot, comparisons);
  const files = await snapshot.files(undefined, (manifest) => !skipped.has(manifest));
  const candidates = files.filter((file) => !comparisons.some(({ field }) => isAllNull(file, field)));
  const excluded = await filesToSkip(db, snapshot, candidates, comparisons);
  return candidates.filter((file) => !excluded.has(file));
};

/** No comparison is true for NULL. */
const isAllNull = (file: DataFile, { id }: Field): boolean => (file.columns[id]?.nulls ?? 0) >= file.rows;

const manifestsToSkip = async (
  db: Db,
  snapshot: Snapshot,
  comparisons: readonly Comparison[],
): Promise<Set<ManifestFile>> => {
  const skipped = new Set<ManifestFile>();
  const manifests = (await snapshot.manifests()).map(({ file }) => file);
  for (const spec of snapshot.metadata['partition-specs']) {
    const conditions = partitionConditions(spec, comparisons);
    const candidates = ofSpec(spec, manifests).map((manifest) => ({
      of: manifest,
      ranges: conditions.map(({ fieldIndex, comparison }) =>
        partitionRange(manifest, fieldIndex, comparison.field),
      ),
    }));
    for (const manifest of await excludedBy(
      db,
      conditions.map(({ sql }) => sql),
      candidates,
    ))
      skipped.add(manifest);
  }
  return skipped;
};

const filesToSkip = async (
  db: Db,
  { metadata }: Snapshot,
  files: readonly DataFile[],
  comparisons: readonly Comparison[],
): Promise<Set<DataFile>> => {
  const skipped = new Set<DataFile>();
  const schema = currentSchema(metadata);
  for (const spec of metadata['partition-specs']) {
    const names = partitionNames(spec, schema);
    const conditions = partitionConditions(spec, comparisons);
    const candidates = ofSpec(spec, files).map((file) => ({
      of: file,
      ranges: [
        ...conditions.map(({ fieldIndex }) => onlyValue(file.partition[names[fieldIndex] ?? ''])),
        ...comparisons.map(({ field }) => boundsOf(file, field)),
      ],
    }));
    const sql = [...conditions.map((condition) => condition.sql), ...comparisons.map(columnCondition)];
    for (const file of await excludedBy(db, sql, candidates)) skipped.add(file);
  }
  return skipped;
};

const ofSpec = <T extends { specId: number }>(spec: PartitionSpec, files: readonly T[]): T[] =>
  files.filter(({ specId }) => specId === spec['spec-id']);

/** The range of a partition field in a manifest. NaN lies outside of the bounds, so with NaN the range is unknown. */
const partitionRange = (manifest: ManifestFile, index: number, { type }: Comparison['field']): Range => {
  const summary = manifest.partitions[index];
  if (summary === undefined || (isFloat(type) && summary.containsNan !== false)) return UNKNOWN;
  return { lower: summary.lower, upper: summary.upper };
};

/** The range of a partition field in a file, where it has one value. */
const onlyValue = (value: string | null | undefined): Range =>
  value === null || value === undefined || value === 'nan' ? UNKNOWN : { lower: value, upper: value };

/** The bounds of a column in a file; unknown if it is a float column that has NaN or may have it. */
const boundsOf = (file: DataFile, { id, type }: Comparison['field']): Range => {
  const found = file.columns[id];
  if (found === undefined || (isFloat(type) && found.nans !== 0)) return UNKNOWN;
  return { lower: found.lower, upper: found.upper };
};
