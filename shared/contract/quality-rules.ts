import { allowedChecks, patternCheck } from './constraints.ts';
import type { Check } from './duckdb-checks.ts';
import type { Column, Dimension, Operator, QualityRule } from './model.ts';
import { OdcsOperators, OdcsQuality } from './odcs.ts';
import { type Place, textsAt } from './problems.ts';
import { readShape } from './shape.ts';
import { notOneSelect } from './sql-text.ts';

type Metric = NonNullable<OdcsQuality['metric']>;

const DIMENSION_OF: Record<Metric, Dimension> = {
  nullValues: 'completeness',
  missingValues: 'completeness',
  invalidValues: 'conformity',
  duplicateValues: 'uniqueness',
  rowCount: 'coverage',
};

/** The arguments a metric takes: only these may be there, and one of them must where there are several. */
const ARGUMENTS: Record<Metric, (keyof NonNullable<OdcsQuality['arguments']>)[]> = {
  nullValues: [],
  missingValues: ['missingValues'],
  invalidValues: ['validValues', 'pattern'],
  duplicateValues: ['properties'],
  rowCount: [],
};

/** Where a rule stands: on a column, or on the table with these columns. */
export type Subject = { column: Column } | { columns: readonly Column[] };

/**
 * One entry of `quality`, or undefined where there is nothing to evaluate (`type: text`) or it is wrong.
 * Anything that would have to be skipped is a problem: a rule that nobody evaluates must not look like one.
 */
export const readRule = (
  raw: unknown,
  on: Subject,
  place: Place,
  checks: Check[],
): QualityRule | undefined => {
  const entry = readShape(OdcsQuality, raw, place);
  if (entry === undefined || entry.type === 'text') return undefined;
  if (entry.type === 'custom') {
    place.at('type').expected('library or sql (rules of other engines are not evaluated here)', 'custom');
    return undefined;
  }
  const operator = readOperator(entry, place);
  const check = entry.type === 'sql' ? readQuery(entry, on, place) : readMetric(entry, on, place, checks);
  if (operator === undefined || check === undefined) return undefined;
  // The standard lets mustBe be anything; every measure here is a number.
  if (typeof [operator.value].flat()[0] !== 'number')
    place.at(operator.op).expected('a number', operator.value);
  if (check.kind === 'rowCount' && entry.unit === 'percent')
    place.at('unit').expected('rows (a row count has no percentage)', 'percent');

  const column = 'column' in on ? on.column.name : undefined;
  const rule: QualityRule = {
    id: entry.id ?? entry.name ?? [column, check.kind].filter((part) => part !== undefined).join('.'),
    dimension: entry.dimension ?? (entry.metric === undefined ? 'consistency' : DIMENSION_OF[entry.metric]),
    severity: entry.severity ?? 'error',
    unit: entry.unit ?? 'rows',
    operator,
    check,
  };
  if (column !== undefined) rule.column = column;
  if (entry.description !== undefined) rule.description = entry.description;
  return rule;
};

const readOperator = (entry: OdcsQuality, place: Place): Operator | undefined => {
  const names = Object.keys(OdcsOperators.shape) as (keyof typeof OdcsOperators.shape)[];
  const given = names.filter((name) => entry[name] !== undefined);
  const [op] = given;
  if (given.length === 1 && op !== undefined) return { op, value: entry[op] } as Operator;
  place.expected(`exactly one of ${names.join(', ')}`, given);
  return undefined;
};

const readMetric = (
  entry: OdcsQuality,
  on: Subject,
  place: Place,
  checks: Check[],
): QualityRule['check'] | undefined => {
  const { metric, arguments: args = {} } = entry;
  if (metric === undefined)
    return void place.at('metric').say('missing; name a metric, or set type: sql and a query');
  if (entry.query !== undefined)
    place.at('query').say('not allowed with a metric; remove it, or set type: sql');
  for (const name of Object.keys(args))
    if (!ARGUMENTS[metric].some((known) => known === name))
      place.at('arguments', name).say(`argument not allowed for ${metric}; remove it`);
  const onColumn = 'column' in on;
  if (onColumn === (metric === 'rowCount') && metric !== 'duplicateValues')
    return void place
      .at('metric')
      .say(
        onColumn
          ? 'rowCount is a rule on the table; move it to schema[0].quality'
          : `${metric} is a rule on a property; move it to the quality of one`,
      );

  switch (metric) {
    case 'nullValues':
    case 'rowCount':
      return { kind: metric };
    case 'missingValues':
      return {
        kind: metric,
        values: textsAt(args.missingValues ?? [], place.at('arguments', 'missingValues')),
      };
    case 'invalidValues':
      if (args.validValues === undefined && args.pattern === undefined)
        return void place.at('arguments').expected('validValues or a pattern', args);
      if (args.validValues !== undefined && 'column' in on && on.column.logicalType !== 'string')
        checks.push(
          ...allowedChecks(
            textsAt(args.validValues, place.at('arguments', 'validValues')),
            on.column.silverType,
            place.at('arguments', 'validValues'),
          ),
        );
      if (args.pattern !== undefined)
        checks.push(patternCheck(args.pattern, place.at('arguments', 'pattern')));
      return {
        kind: metric,
        ...(args.validValues !== undefined && {
          allowed: textsAt(args.validValues, place.at('arguments', 'validValues')),
        }),
        ...(args.pattern !== undefined && { pattern: args.pattern }),
      };
    case 'duplicateValues':
      return {
        kind: metric,
        columns: duplicateColumns(args.properties, on, place.at('arguments', 'properties')),
      };
  }
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

const readQuery = (entry: OdcsQuality, on: Subject, place: Place): QualityRule['check'] | undefined => {
  const { query, metric } = entry;
  if (metric !== undefined) place.at('metric').say('not allowed with type: sql; remove it');
  if (query === undefined) return void place.at('query').say('missing; expected a SELECT of one value');
  const wrong = notOneSelect(query);
  if (wrong !== undefined) place.at('query').expected(wrong, query);
  for (const [placeholder, name = ''] of query.matchAll(/\$\{([^}]*)\}/g)) {
    const onTable = ['table', 'object'].includes(name);
    if (!onTable && !(['column', 'property'].includes(name) && 'column' in on))
      place
        .at('query')
        .expected(
          'column' in on
            ? `\${table} or \${column}`
            : `\${table} (\${column} is filled in only for rules on a property)`,
          placeholder,
        );
  }
  return { kind: 'sql', query };
};

/** Rows that break a rule on allowed values are refused, unless it only informs: then they are only counted. */
export const addRowConstraints = (column: Column, rules: readonly QualityRule[]): void => {
  const { constraints } = column;
  for (const { check, severity } of rules) {
    if (check.kind === 'missingValues')
      column.missingValues = [...new Set([...column.missingValues, ...check.values])];
    if (check.kind !== 'invalidValues' || severity === 'info' || severity === 'warning') continue;
    if (check.pattern !== undefined) constraints.patterns.push(check.pattern);
    const { allowed } = check;
    if (allowed !== undefined)
      constraints.allowed = constraints.allowed?.filter((value) => allowed.includes(value)) ?? allowed;
  }
};
