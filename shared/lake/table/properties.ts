import { z } from 'zod';
import { TableDamaged } from '../../errors.ts';
import type { Field } from '../iceberg/types.ts';
import type { Partition } from './partition-names.ts';

/** What duckstep says in the summary of its snapshots, beside Iceberg's own words. */
export const SUMMARY = {
  runId: 'duckstep.run-id',
  /** Of a commit that took others along: all their runs, with spaces between them. */
  runIds: 'duckstep.run-ids',
  title: 'duckstep.operation',
  touched: 'duckstep.touched',
  /** Silver: root of the tree of what is committed of each source. */
  sources: 'duckstep.sources',
  /** Gold: version per silver table that it was built from, as JSON, and a hash of its definition. */
  silver: 'duckstep.silver',
  fingerprint: 'duckstep.fingerprint',
} as const;

/** Table properties of ours. */
const COLUMN_IDS = 'duckstep.column-ids';
const RETIRED_COLUMNS = 'duckstep.retired-columns';

export interface ColumnIds {
  /** Field id by the identity of a column: its id in the contract, or its name. */
  current: Record<string, number>;
  /** Columns that contracts have dropped, by identity: one that comes back finds its values again. */
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

/** A summary is read with the whole metadata by everybody who opens the table: it must stay small. */
const MAX_TOUCHED_CHARACTERS = 4_096;

export const touchedProperty = (touched: readonly Partition[] | 'all'): Record<string, string> => {
  const text = JSON.stringify(touched);
  return { [SUMMARY.touched]: text.length > MAX_TOUCHED_CHARACTERS ? '"all"' : text };
};

const touchedSchema = z.union([z.literal('all'), z.array(z.record(z.string(), z.string().nullable()))]);

/** A snapshot that does not say which partitions it changed may have changed all. */
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
