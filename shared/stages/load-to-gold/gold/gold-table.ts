import type { WantedColumn } from '../../../lake/table/commit/table-schema.ts';
import type { GoldModel } from './model-header.ts';

/** A gold table's columns by its current header. A column's identity is its name in lower case: SQL ignores case. */
export const goldColumns = ({ columns }: GoldModel): WantedColumn[] =>
  columns.map(({ name, type, required, description }) => ({
    identity: name.toLowerCase(),
    name,
    type,
    required,
    ...(description !== undefined && { doc: description }),
  }));
