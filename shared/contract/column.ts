import type { z } from 'zod';
import { literal } from '../engine/sql.ts';
import { isSensitive } from './classification.ts';
import { identityOf } from './column-identity.ts';
import { isStringFormat, type Limits, readConstraints } from './constraints.ts';
import type { Check } from './duckdb-checks.ts';
import { strptimeFromJdk } from './jdk-date-format.ts';
import type { Column } from './model.ts';
import { OdcsOptions, type OdcsProperty } from './odcs.ts';
import type { Place } from './problems.ts';
import { readShape } from './shape.ts';
import { silverType } from './silver-type.ts';

/** The `transformLogic` of a column that `silver.sql` produces. */
export const BY_SILVER_SQL = 'silver.sql';

type Options = Limits & { format?: string | undefined; timezone?: boolean | undefined };

/** Reads a property as a column of silver. Adds to `checks` the mistakes that only DuckDB can find. */
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
      optionsAt.at(option).say('not supported: limits of objects and arrays are not checked; remove it');

  const type = silverType(logicalType, { ...options, physicalType: property.physicalType });
  if (type === undefined)
    place
      .at('physicalType')
      .expected('DECIMAL(precision, scale) with scale ≤ precision ≤ 38', property.physicalType);
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
  if (isSensitive(property)) column.sensitive = true;
  if (property.description !== undefined) column.description = property.description;
  if (options.format !== undefined) readFormat(column, options.format, optionsAt.at('format'), checks);
  if (transformLogic !== undefined) readDerivation(column, transformLogic, property, place);
  return column;
};

/** A column that DuckDB's `read_parquet` can add to the rows of a file. */
const ROW_NUMBER_COLUMN = 'file_row_number';

const checkName = (name: string, place: Place): void => {
  if (name.startsWith('_'))
    place.say(`"${name}" begins with "_", which is reserved for the pipeline's own columns; rename it`);
  else if (!/^[A-Za-z]\w{0,127}$/.test(name))
    place.expected(
      'a letter, then letters, digits and _ (the name in the source goes into physicalName)',
      name,
    );
  else if (name.toLowerCase() === ROW_NUMBER_COLUMN)
    place.say(`"${name}" is the column in which DuckDB numbers the rows of Parquet; choose another name`);
};

const readFormat = (column: Column, format: string, place: Place, checks: Check[]): void => {
  const { logicalType } = column;
  if (logicalType === 'string' && isStringFormat(format, place)) column.format = format;
  if (logicalType !== 'date' && logicalType !== 'timestamp' && logicalType !== 'time') return;
  const converted = strptimeFromJdk(format, logicalType);
  if ('problem' in converted) {
    place.say(`format "${format}": ${converted.problem}`);
    return;
  }
  column.strptime = converted.strptime;
  column.format = format;
  const read = literal(converted.strptime);
  // strftime writes no zone name for a TIMESTAMP, but strptime requires one.
  const written = literal(converted.strptime.replaceAll(/%./gs, (each) => (each === '%Z' ? 'UTC' : each)));
  checks.push({
    place,
    sql: `SELECT strptime(strftime(TIMESTAMP '2024-11-23 14:05:06', ${written}), ${read}) IS NOT NULL`,
    expected: 'a format that can read back what was written in it',
    found: format,
  });
};

/** A derived column is not checked row by row. Options and rules that would not be checked are reported. */
const readDerivation = (column: Column, logic: string, property: OdcsProperty, place: Place): void => {
  column.derivedFrom = logic.trim();
  if (property.physicalName !== undefined)
    place
      .at('physicalName')
      .say(
        'not allowed with transformLogic: a derived column is not read from the source; remove one of them',
      );
  if (property.unique === true)
    place.at('unique').say('not supported on a derived column; use primaryKey to remove duplicates');
  const typing = ['timezone', ...(['integer', 'number'].includes(column.logicalType) ? ['format'] : [])];
  for (const option of Object.keys(property.logicalTypeOptions ?? {}))
    if (!typing.includes(option))
      place
        .at('logicalTypeOptions', option)
        .say('not supported on a derived column: its values are not checked; remove it');
  for (const i of (property.quality ?? []).keys())
    place
      .at('quality', i)
      .say('not supported on a derived column: rules are measured on columns of the source; remove it');
};
