import type { Check } from './duckdb-checks.ts';
import type { Column, Operator, QualityRule } from './model.ts';
import { OdcsOperators, OdcsQuality } from './odcs.ts';
import type { Place } from './problems.ts';
import { DIMENSION_OF, readMetric, type Subject } from './quality-metrics.ts';
import { readShape } from './shape.ts';
import { notOneSelect } from './sql-text.ts';

/**
 * Reads one entry of `quality`. Undefined if it is documentation (`type: text`) or has mistakes. A rule that cannot be
 * evaluated is reported, never skipped: the contract would promise a check that does not take place.
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
  // The standard allows any value for mustBe; every measure here is a number.
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

/**
 * Makes rules on values also rules on rows: a row that breaks an `invalidValues` rule is rejected, unless the rule's
 * severity is `info` or `warning`; then such rows are only counted.
 */
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
