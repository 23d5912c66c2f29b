import { readColumn } from './column.ts';
import { checkIdentities } from './column-identity.ts';
import {
  readPartitionTransform,
  readSettings,
  refuseSettings,
  type WrittenTransform,
} from './custom-properties.ts';
import type { Check } from './duckdb-checks.ts';
import { expressionCheck, queryCheck } from './expression-checks.ts';
import { readFreshness } from './freshness.ts';
import { namesByPosition, type PlacedProperty } from './key-positions.ts';
import type { Column, Contract, QualityRule } from './model.ts';
import { OdcsDocument, OdcsObject, OdcsProperty } from './odcs.ts';
import { contractPartitions } from './partitioning.ts';
import { Place, type Problems } from './problems.ts';
import { addRowConstraints, readRule } from './quality-rules.ts';
import { readShape } from './shape.ts';

/** What `load.ts` found in the dataset's folder. */
export interface Folder {
  dataset: string;
  folder: string;
  file: string;
  silverSql?: string;
  fingerprint: string;
}

export interface Reading {
  /** Usable only when neither `problems` nor the checks hold anything against it. */
  contract?: Contract;
  checks: Check[];
}

/** Turns a parsed `contract.yaml` into the model; everything wrong goes to `problems`, nothing is thrown. */
export const readContract = (value: unknown, folder: Folder, problems: Problems): Reading => {
  const root = new Place(problems);
  const checks: Check[] = [];
  const document = readShape(OdcsDocument, value, root);
  if (document === undefined) return { checks };
  refuseSettings(document.customProperties ?? [], root.at('customProperties'));
  if (document.schema.length !== 1)
    root
      .at('schema')
      .expected('exactly one object: a contract describes one dataset', document.schema.length);
  const at = root.at('schema', 0);
  const object = readShape(OdcsObject, document.schema[0], at);
  if (object === undefined) return { checks };
  if (object.name !== folder.dataset)
    at.at('name').expected(`"${folder.dataset}", the name of the folder`, object.name);

  const settings = readSettings(object.customProperties ?? [], at.at('customProperties'));
  const properties = object.properties.flatMap((raw, i): PlacedProperty[] => {
    const place = at.at('properties', i);
    const property = readShape(OdcsProperty, raw, place);
    return property === undefined ? [] : [{ property, place }];
  });
  const columns: Column[] = [];
  const rules: Ruled[] = [];
  const transforms: (WrittenTransform | undefined)[] = [];
  for (const { property, place } of properties) {
    transforms.push(readPartitionTransform(property.customProperties ?? [], place.at('customProperties')));
    const column = readColumn(property, settings.missingValues, place, checks);
    columns.push(column);
    if (column.derivedFrom === undefined)
      rules.push(...readRules(property.quality, { column }, place.at('quality'), checks));
  }
  for (const column of columns)
    addRowConstraints(
      column,
      rules.map((r) => r.rule).filter((rule) => rule.column === column.name),
    );
  checkNames(columns, properties);
  checkIdentities(columns, properties);

  // A property that could not be read is reported once; that others refer to it is no second mistake.
  const complete = properties.length === object.properties.length;
  if (complete) {
    rules.push(...readRules(object.quality, { columns }, at.at('quality'), checks));
    checkOrder(settings.dedupeOrderBy, columns, properties, at.at('customProperties'));
    for (const [i, { property, place }] of properties.entries()) {
      const column = columns[i];
      if (property.transformLogic !== undefined && column !== undefined)
        checks.push(...expressionCheck(column, columns, folder.silverSql, place.at('transformLogic')));
    }
    for (const { rule, place } of rules) checks.push(...queryCheck(rule, columns, place.at('query')));
  }
  const freshness = readFreshness(
    document.slaProperties ?? [],
    folder.dataset,
    columns,
    root.at('slaProperties'),
  );
  const description = object.description ?? document.description?.purpose;
  const { missingValues: _, ...ours } = settings;
  const contract: Contract = {
    ...folder,
    ...ours,
    version: document.version,
    ...(description !== undefined && { description }),
    columns,
    primaryKey: namesByPosition('primaryKey', properties),
    partitionedBy: contractPartitions(columns, properties, transforms),
    rules: withUniqueIds(rules),
    ...(freshness !== undefined && { freshness }),
  };
  return { contract, checks };
};

interface Ruled {
  rule: QualityRule;
  place: Place;
}

const readRules = (
  raw: readonly unknown[] | undefined,
  on: Parameters<typeof readRule>[1],
  place: Place,
  checks: Check[],
): Ruled[] =>
  (raw ?? []).flatMap((entry, i) => {
    const rule = readRule(entry, on, place.at(i), checks);
    return rule === undefined ? [] : [{ rule, place: place.at(i) }];
  });

/** Ids are how reports name rules over time: those without one of their own are numbered where they collide. */
const withUniqueIds = (rules: readonly Ruled[]): QualityRule[] => {
  const taken = new Map<string, number>();
  return rules.map(({ rule }) => {
    const times = (taken.get(rule.id) ?? 0) + 1;
    taken.set(rule.id, times);
    return times === 1 ? rule : { ...rule, id: `${rule.id}.${times}` };
  });
};

const checkNames = (columns: readonly Column[], properties: readonly PlacedProperty[]): void => {
  const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();
  for (const [i, column] of columns.entries()) {
    const before = columns.slice(0, i);
    const place = properties[i]?.place;
    if (before.some((other) => same(other.name, column.name)))
      place?.at('name').say(`duplicate name "${column.name}" (case is ignored); rename one`);
    else if (column.derivedFrom === undefined) {
      const others = before.filter((other) => other.derivedFrom === undefined);
      if (others.some((other) => same(other.sourceName, column.sourceName)))
        place
          ?.at('physicalName')
          .say(`duplicate source column "${column.sourceName}"; another property reads it already`);
    }
  }
};

const checkOrder = (
  order: Contract['dedupeOrderBy'],
  columns: readonly Column[],
  properties: readonly PlacedProperty[],
  place: Place,
): void => {
  for (const { column } of order)
    if (!columns.some((known) => known.name === column))
      place.say(`dedupeOrderBy names "${column}", which is not a column of this contract`);
  if (order.length > 0 && !properties.some(({ property }) => property.primaryKey === true))
    place.say('dedupeOrderBy needs a primaryKey, which tells which rows are the same; add one, or remove it');
};
