import type { z } from 'zod';
import { literal } from '../engine/sql.ts';
import { identityOf } from './column-identity.ts';
import { isStringFormat, type Limits, readConstraints } from './constraints.ts';
import type { Check } from './duckdb-checks.ts';
import { strptimeFromJdk } from './jdk-date-format.ts';
import type { Column } from './model.ts';
import { OdcsOptions, type OdcsProperty } from './odcs.ts';
import type { Place } from './problems.ts';
import { readShape } from './shape.ts';
import { silverType } from './silver-type.ts';

/** `transformLogic` of a column that `silver.sql` itself produces. */
export const BY_SILVER_SQL = 'silver.sql';

type Options = Limits & { format?: string | undefined; timezone?: boolean | undefined };

/** One property as a column of silver. What only DuckDB can tell is added to `checks`. */
export const readColumn = (
  property: OdcsProperty,
  missingValues: readonly string[],
  place: Place,
  checks: Check[],
): Column => {
  const { name, logicalType, transformLogic } = property;
  checkName(name, place.at('name'));
  const optionsAt = place.at('logicalTypeOptions');
  const schema = OdcsOptions[logicalType] as z.ZodType<Options>;
  const options = readShape(schema, property.logicalTypeOptions ?? {}, optionsAt) ?? {};
  if (logicalType === 'object' || logicalType === 'array')
    for (const option of Object.keys(options))
      optionsAt.at(option).expected('no limits on objects and arrays: nothing here checks them');

  const type = silverType(logicalType, { ...options, physicalType: property.physicalType });
  if (type === undefined) place.at('physicalType').expected('DECIMAL(1…38, scale)', property.physicalType);
  const column: Column = {
    name,
    identity: identityOf(property, place),
    sourceName: property.physicalName ?? name,
    logicalType,
    silverType: type ?? 'DOUBLE',
    required: property.required === true || property.primaryKey === true,
    unique: property.unique === true,
    missingValues: [...new Set(['', ...missingValues])],
    ...(property.primaryKey === true && logicalType === 'string' && { trimmed: true }),
    constraints: readConstraints(options, type ?? 'DOUBLE', optionsAt, checks),
  };
  if (property.description !== undefined) column.description = property.description;
  if (options.format !== undefined) readFormat(column, options.format, optionsAt.at('format'), checks);
  if (transformLogic !== undefined) readDerivation(column, transformLogic, property, place);
  return column;
};

/** The column that DuckDB adds when it is asked where a row of Parquet lies. */
const OF_DUCKDB = 'file_row_number';

const checkName = (name: string, place: Place): void => {
  if (name.startsWith('_'))
    place.expected('a name without "_" in front: those are the pipeline\'s own', name);
  else if (!/^[A-Za-z]\w{0,127}$/.test(name))
    place.expected('letters, digits and _ (the source may call it otherwise: physicalName)', name);
  else if (name.toLowerCase() === OF_DUCKDB)
    place.expected('another name: DuckDB numbers the rows of Parquet under this one', name);
};

const readFormat = (column: Column, format: string, place: Place, checks: Check[]): void => {
  const { logicalType } = column;
  if (logicalType === 'string' && isStringFormat(format, place)) column.format = format;
  if (logicalType !== 'date' && logicalType !== 'timestamp' && logicalType !== 'time') return;
  const converted = strptimeFromJdk(format, logicalType);
  if ('problem' in converted) {
    place.expected(converted.problem, format);
    return;
  }
  column.strptime = converted.strptime;
  column.format = format;
  const read = literal(converted.strptime);
  // A time without a zone is written without its name.
  const written = literal(converted.strptime.replaceAll(/%./gs, (each) => (each === '%Z' ? 'UTC' : each)));
  checks.push({
    place,
    sql: `SELECT strptime(strftime(TIMESTAMP '2024-11-23 14:05:06', ${written}), ${read}) IS NOT NULL`,
    expected: 'a format that reads what it writes',
    found: format,
  });
};

/** A derived column has no source and is not looked at row by row: what would go unchecked must not be promised. */
const readDerivation = (column: Column, logic: string, property: OdcsProperty, place: Place): void => {
  column.derivedFrom = logic.trim();
  if (property.physicalName !== undefined)
    place.at('physicalName').expected('none beside transformLogic: the column is not read from the source');
  if (property.unique === true)
    place.at('unique').expected('nothing: a derived column is not checked (primaryKey removes duplicates)');
  const typing = ['timezone', ...(['integer', 'number'].includes(column.logicalType) ? ['format'] : [])];
  for (const option of Object.keys(property.logicalTypeOptions ?? {}))
    if (!typing.includes(option))
      place.at('logicalTypeOptions', option).expected('nothing: a derived column is not checked');
  for (const i of (property.quality ?? []).keys())
    place
      .at('quality', i)
      .expected('none on a derived column: quality is measured on what the source brings');
};
