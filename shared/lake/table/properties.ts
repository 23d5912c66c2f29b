import { z } from 'zod';
import { TableDamaged } from '../../errors.ts';
import type { Field } from '../iceberg/types.ts';
import type { Partition } from './partition-names.ts';

/** Properties that duckstep adds to the summary of its snapshots. */
export const SUMMARY = {
  runId: 'duckstep.run-id',
  /** All runs of a commit that included several, separated by spaces. */
  runIds: 'duckstep.run-ids',
  title: 'duckstep.operation',
  touched: 'duckstep.touched',
  /** Silver: root of the index of committed sources. */
  sources: 'duckstep.sources',
  /** Silver: id of the snapshot that a rollback restored. */
  rolledBackTo: 'duckstep.rolled-back-to',
  /** Gold: the version of each silver table that it was built from, as JSON. */
  silver: 'duckstep.silver',
  /** Gold: a hash of the model's definition. */
  fingerprint: 'duckstep.fingerprint',
} as const;

/** Properties that duckstep adds to its tables. */
const COLUMN_IDS = 'duckstep.column-ids';
const RETIRED_COLUMNS = 'duckstep.retired-columns';

export interface ColumnIds {
  /** Field ids by the identity of a column: its id in the contract, or its name. */
  current: Record<string, number>;
  /** Fields of columns that contracts have dropped, by identity, so that a column that returns finds its values again. */
  retired: Record<string, Field>;
}

export const columnIdsIn = (properties: Readonly<Record<string, string>>): ColumnIds => ({
  current: fromJson(z.record(z.string(), z.int()), properties[COLUMN_IDS], COLUMN_IDS) ?? {},
  retired: (fromJson(
    z.record(z.string(), z.looseObject({ id: z.int() })),
    properties[RETIRED_COLUMNS],
    RETIRED_COLUMNS,
  ) ?? {}) as unknown as Record<string, Field>,
});

export const columnIdProperties = ({ current, retired }: ColumnIds): Record<string, string> => ({
  [COLUMN_IDS]: JSON.stringify(current),
  [RETIRED_COLUMNS]: JSON.stringify(retired),
});

/** Every reader of the table reads all summaries with the metadata, so they must stay small. */
const MAX_TOUCHED_CHARACTERS = 4_096;

export const touchedProperty = (touched: readonly Partition[] | 'all'): Record<string, string> => {
  const text = JSON.stringify(touched);
  return { [SUMMARY.touched]: text.length > MAX_TOUCHED_CHARACTERS ? '"all"' : text };
};

const touchedSchema = z.union([z.literal('all'), z.array(z.record(z.string(), z.string().nullable()))]);

/** The partitions that a snapshot changed: all if its summary does not say. */
export const touchedIn = (summary: Readonly<Record<string, string>>): Partition[] | 'all' =>
  fromJson(touchedSchema, summary[SUMMARY.touched], SUMMARY.touched) ?? 'all';

const fromJson = <T>(schema: z.ZodType<T>, text: string | undefined, name: string): T | undefined => {
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new TableDamaged(`The table's property ${name} cannot be read. Restore its newest metadata file.`, {
      cause,
    });
  }
};
