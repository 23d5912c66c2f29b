import type { Column, Table, TableInput } from '@aws-sdk/client-glue';
import { ConfigurationError } from '../../errors.ts';
import type { Field } from '../iceberg/types.ts';
import type { CatalogTable } from './catalog.ts';
import { hiveType } from './hive-type.ts';

/** Glue's limits, in characters (AWS Glue web API reference: Column, TableInput). */
const MAX_COMMENT = 255;
const MAX_DESCRIPTION = 2048;
const MAX_TYPE = 131_072;

/** Our parameter in Glue: distinguishes a table from an earlier one at the same location. */
const UUID = 'duckstep.table-uuid';

/**
 * Whether an entry must be changed to point at the table's metadata.
 *
 * @param where database and table, for messages
 * @throws ConfigurationError when the entry is not this table's
 */
export const isBehind = (entry: Table, table: CatalogTable, where: string): boolean => {
  const { table_type: type, metadata_location: pointer, [UUID]: uuid } = entry.Parameters ?? {};
  const free = `Give one of them another name, or delete the entry (aws glue delete-table), then redrive.`;
  if (type?.toUpperCase() !== 'ICEBERG' || pointer === undefined)
    throw new ConfigurationError(
      `Glue has another table at ${where}, which is not an Iceberg table and was not made by duckstep. ${free}`,
    );
  const folder = `${table.location.replace(/\/$/, '')}/metadata/`;
  if (!pointer.startsWith(folder))
    throw new ConfigurationError(
      `Glue has another table at ${where}: its metadata is ${pointer}, not in ${folder}. ${free}`,
    );
  const version = /^v(\d+)\.metadata\.json$/.exec(pointer.slice(folder.length))?.[1];
  if (version === undefined)
    throw new ConfigurationError(
      `Another engine has written to ${where}: Glue points at ${pointer}, which duckstep did not commit. ` +
        'Its tables have one writer; see docs/deploy.md. Delete the entry (aws glue delete-table) to go back to ' +
        'what duckstep committed last, then redrive.',
    );
  const replaced = table.uuid !== undefined && uuid !== undefined && uuid !== table.uuid;
  return replaced || Number(version) < table.metadataVersion;
};

/** The entry for the table's current metadata. Everything else that an existing entry has stays. */
export const tableInput = (table: CatalogTable, entry?: Table): TableInput => {
  const {
    metadata_location: previous,
    previous_metadata_location: _,
    ...parameters
  } = entry?.Parameters ?? {};
  const description = table.description ?? entry?.Description;
  return {
    Name: table.name,
    TableType: 'EXTERNAL_TABLE',
    ...(entry?.Owner !== undefined && { Owner: entry.Owner }),
    ...(entry?.Retention !== undefined && { Retention: entry.Retention }),
    ...(description !== undefined && { Description: shorten(description, MAX_DESCRIPTION) }),
    Parameters: {
      ...parameters,
      table_type: 'ICEBERG',
      metadata_location: table.metadataLocation,
      ...(previous !== undefined && { previous_metadata_location: previous }),
      ...(table.uuid !== undefined && { [UUID]: table.uuid }),
    },
    StorageDescriptor: { Location: table.location, Columns: table.schema.fields.map(column) },
  };
};

/** A column with the parameters of Iceberg's own Glue catalog (org.apache.iceberg.aws.glue, IcebergToGlueConverter). */
const column = ({ id, name, type, required, doc }: Field): Column => {
  const shown = hiveType(type);
  return {
    Name: name,
    // Engines read the type from the metadata, so a type too long for Glue must not keep the table out of the catalog.
    Type: shown.length > MAX_TYPE ? 'string' : shown,
    ...(doc !== undefined && { Comment: shorten(doc, MAX_COMMENT) }),
    Parameters: {
      'iceberg.field.id': String(id),
      'iceberg.field.optional': String(!required),
      'iceberg.field.current': 'true',
    },
  };
};

/** Glue accepts comments of one line only, and of limited length. */
const shorten = (text: string, max: number): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
};
