import type { Contract } from '../../contract/model.ts';
import { nextSchema, partitionBy, specOf, tableColumns } from '../../lake/table/commit/table-schema.ts';
import type { TableColumn, ViewColumn } from '../../lake/table/data-file.ts';
import type { TableSchema } from '../../lake/table/draft.ts';
import type { Snapshot } from '../../lake/table/read/snapshot.ts';
import type { WriteOptions } from '../../lake/table/write/write-files.ts';

/**
 * Columns that every silver table has besides those of its contract: the run and the source that a row came from, the
 * number of its record in the file, and the values of columns that the contract does not know, as JSON.
 */
const LINEAGE: readonly ViewColumn[] = [
  { name: '_run_id', type: 'VARCHAR' },
  { name: '_source_id', type: 'VARCHAR' },
  { name: '_row', type: 'BIGINT' },
  { name: '_rescued', type: 'VARCHAR' },
];

/** Lineage columns that identify a row: a record is in silver once. */
export const ROW_IDENTITY = ['_source_id', '_row'] as const;

/** A dataset's silver columns by its current contract. Older files are read in these columns and types. */
export const silverColumns = (contract: Contract): (ViewColumn & { identity: string })[] => [
  ...contract.columns.map(({ name, silverType, identity }) => ({ name, type: silverType, identity })),
  ...LINEAGE.map((column) => ({ ...column, identity: column.name })),
];

/** The same with the fields that hold them in a snapshot. */
export const silverTableColumns = (contract: Contract, snapshot: Snapshot | undefined): TableColumn[] =>
  tableColumns(snapshot, silverColumns(contract));

/**
 * The table's schema after a commit under this contract.
 *
 * @param replace no row of the base stays: columns may change in any way
 * @throws SchemaIncompatible when rows of the table do not fit the contract's types
 */
export const silverSchema = (
  contract: Contract,
  base: Snapshot | undefined,
  { replace = false }: { replace?: boolean } = {},
): TableSchema =>
  nextSchema(
    base,
    [
      ...contract.columns.map(({ name, silverType, identity, required, description }) => ({
        identity,
        name,
        type: silverType,
        required,
        ...(description !== undefined && { doc: description }),
      })),
      ...LINEAGE.map((column) => ({
        ...column,
        identity: column.name,
        required: column.name !== '_rescued',
      })),
    ],
    { where: `silver.${contract.dataset}`, identifier: contract.primaryKey, replace },
  );

/** How the dataset's data files are laid out. */
export const silverLayout = (
  contract: Contract,
  { schema }: Pick<TableSchema, 'schema'>,
): Pick<WriteOptions, 'schema' | 'spec' | 'wholeBounds'> => ({
  schema,
  spec: specOf(partitionBy(schema, contract.partitionedBy)),
  // The bounds of these columns tell which sources a file has rows of.
  wholeBounds: ROW_IDENTITY,
});
