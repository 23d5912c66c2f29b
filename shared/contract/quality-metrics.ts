import { allowedChecks, patternCheck } from './constraints.ts';
import type { Check } from './duckdb-checks.ts';
import type { Column, Dimension, QualityRule } from './model.ts';
import type { OdcsQuality } from './odcs.ts';
import { type Place, textsAt } from './problems.ts';

type Metric = NonNullable<OdcsQuality['metric']>;
type Arguments = NonNullable<OdcsQuality['arguments']>;
type MetricCheck = QualityRule['check'];

/** A rule is written either on one column, or on the table with these columns. */
export type Subject = { column: Column } | { columns: readonly Column[] };

/** The dimension of a metric's rule that names none. */
export const DIMENSION_OF: Record<Metric, Dimension> = {
  nullValues: 'completeness',
  missingValues: 'completeness',
  invalidValues: 'conformity',
  duplicateValues: 'uniqueness',
  rowCount: 'coverage',
};

/** The arguments that a metric takes; any other is a mistake. */
const ARGUMENTS: Record<Metric, (keyof Arguments)[]> = {
  nullValues: [],
  missingValues: ['missingValues'],
  invalidValues: ['validValues', 'pattern'],
  duplicateValues: ['properties'],
  rowCount: [],
};

/** A `library` rule: its metric with the metric's arguments. Undefined where a mistake was reported. */
export const readMetric = (
  entry: OdcsQuality,
  on: Subject,
  place: Place,
  checks: Check[],
): MetricCheck | undefined => {
  const { metric, arguments: args = {} } = entry;
  if (metric === undefined)
    return void place.at('metric').say('missing; name a metric, or set type: sql and a query');
  if (entry.query !== undefined)
    place.at('query').say('not allowed with a metric; remove it, or set type: sql');
  for (const name of Object.keys(args))
    if (!ARGUMENTS[metric].some((known) => known === name))
      place.at('arguments', name).say(`argument not allowed for ${metric}; remove it`);
  if (!isInItsPlace(metric, on, place.at('metric'))) return undefined;

  const at = place.at('arguments');
  switch (metric) {
    case 'nullValues':
    case 'rowCount':
      return { kind: metric };
    case 'missingValues':
      return { kind: metric, values: textsAt(args.missingValues ?? [], at.at('missingValues')) };
    case 'invalidValues':
      return invalidValues(args, on, at, checks);
    case 'duplicateValues':
      return { kind: metric, columns: duplicateColumns(args.properties, on, at.at('properties')) };
  }
};

const isInItsPlace = (metric: Metric, on: Subject, place: Place): boolean => {
  const onColumn = 'column' in on;
  if (metric === 'duplicateValues' || onColumn !== (metric === 'rowCount')) return true;
  place.say(
    onColumn
      ? 'rowCount is a rule on the table; move it to schema[0].quality'
      : `${metric} is a rule on a property; move it to the quality of one`,
  );
  return false;
};

const invalidValues = (
  { validValues, pattern }: Arguments,
  on: Subject,
  place: Place,
  checks: Check[],
): MetricCheck | undefined => {
  if (validValues === undefined && pattern === undefined)
    return void place.say('missing; name validValues or a pattern');
  const allowed = validValues && textsAt(validValues, place.at('validValues'));
  if (allowed !== undefined && 'column' in on && on.column.logicalType !== 'string')
    checks.push(...allowedChecks(allowed, on.column.silverType, place.at('validValues')));
  if (pattern !== undefined) checks.push(patternCheck(pattern, place.at('pattern')));
  return {
    kind: 'invalidValues',
    ...(allowed !== undefined && { allowed }),
    ...(pattern !== undefined && { pattern }),
  };
};

const duplicateColumns = (names: string[] | undefined, on: Subject, place: Place): string[] => {
  if ('column' in on) {
    if (names !== undefined)
      place.say('argument not allowed on a property, which is compared itself; remove it');
    return [on.column.name];
  }
  if (names === undefined) place.say('missing; list the properties to compare');
  for (const [i, name] of (names ?? []).entries())
    if (!on.columns.some((column) => column.name === name && column.derivedFrom === undefined))
      place.at(i).expected('a property that is read from the source', name);
  return names ?? [];
};
