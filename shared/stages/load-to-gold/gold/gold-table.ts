import type { WantedColumn } from '../../../lake/table/commit/table-schema.ts';
import type { GoldModel } from './model-header.ts';

/** A gold table's columns as its header says now. A column is what it is called: SQL does not tell case apart. */
export const goldColumns = ({ columns }: GoldModel): WantedColumn[] =>
  columns.map(({ name, type, required, description }) => ({
    identity: name.toLowerCase(),
    name,
    type,
    required,
    ...(description !== undefined && { doc: description }),
  }));
