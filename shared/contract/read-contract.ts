import { readColumn } from './column.ts';
import { checkIdentities } from './column-identity.ts';
import {
  readColumnSettings,
  readSettings,
  reportMisplacedSettings,
  type Settings,
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
import { writtenForm } from './written-forms.ts';

/** The dataset's folder as `load.ts` found it; these members become part of the contract. */
export interface DatasetFolder {
  dataset: string;
  folder: string;
  file: string;
  silverSql?: string;
  fingerprint: string;
}

export interface ContractReading {
  /** Usable only if `problems` is empty and all checks pass. */
  contract?: Contract;
  checks: Check[];
}

/** Turns a parsed `contract.yaml` into the model. Mistakes go to `problems`; nothing is thrown. */
export const readContract = (value: unknown, folder: DatasetFolder, problems: Problems): ContractReading => {
  const root = new Place(problems);
  const checks: Check[] = [];
  const document = readShape(OdcsDocument, value, root);
  if (document === undefined) return { checks };
  reportMisplacedSettings(document.customProperties ?? [], root.at('customProperties'));
  const at = root.at('schema', 0);
  const object = readObject(document.schema, folder.dataset, root.at('schema'));
  if (object === undefined) return { checks };

  const settings = readSettings(object.customProperties ?? [], at.at('customProperties'), checks);
  const properties = readProperties(object.properties, at.at('properties'));
  const { columns, rules, transforms } = readColumns(properties, settings, checks);
  checkNames(columns, properties);
  checkIdentities(columns, properties);

  // A property that could not be read is reported once: references to it are not reported as further mistakes.
  if (properties.length === object.properties.length) {
    rules.push(...readRules(object.quality, { columns }, at.at('quality'), checks));
    checkOrder(settings.dedupeOrderBy, columns, properties, at.at('customProperties'));
    checks.push(...expressionChecks(columns, properties, { ...settings, ...folder }));
    checks.push(...rules.flatMap(({ rule, place }) => queryCheck(rule, columns, place.at('query'))));
  }
  const sla = document.slaProperties ?? [];
  const freshness = readFreshness(sla, folder.dataset, columns, root.at('slaProperties'));
  const description = object.description ?? document.description?.purpose;
  const { missingValues: _, separators: __, ...contractSettings } = settings;
  const contract: Contract = {
    ...folder,
    ...contractSettings,
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

/** The first schema object; other objects, or a name other than the dataset's, are reported. */
const readObject = (
  objects: readonly unknown[],
  dataset: string,
  place: Place,
): ReturnType<typeof OdcsObject.parse> | undefined => {
  if (objects.length !== 1)
    place.expected('exactly one object: a contract describes one dataset', objects.length);
  const object = readShape(OdcsObject, objects[0], place.at(0));
  if (object !== undefined && object.name !== dataset)
    place.at(0, 'name').expected(`"${dataset}", the name of the folder`, object.name);
  return object;
};

const readProperties = (properties: readonly unknown[], place: Place): PlacedProperty[] =>
  properties.flatMap((raw, i) => {
    const property = readShape(OdcsProperty, raw, place.at(i));
    return property === undefined ? [] : [{ property, place: place.at(i) }];
  });

interface PlacedRule {
  rule: QualityRule;
  place: Place;
}

/** Columns and transforms in the order of the properties, and the rules that are written on properties. */
const readColumns = (
  properties: readonly PlacedProperty[],
  { missingValues, separators }: Settings,
  checks: Check[],
): { columns: Column[]; rules: PlacedRule[]; transforms: (WrittenTransform | undefined)[] } => {
  const columns: Column[] = [];
  const rules: PlacedRule[] = [];
  const transforms: (WrittenTransform | undefined)[] = [];
  for (const { property, place } of properties) {
    const { transform, written } = readColumnSettings(
      property.customProperties ?? [],
      place.at('customProperties'),
    );
    transforms.push(transform);
    const column = readColumn(property, missingValues, place, checks);
    Object.assign(column, writtenForm(column, written, separators));
    columns.push(column);
    if (column.derivedFrom === undefined)
      rules.push(...readRules(property.quality, { column }, place.at('quality'), checks));
  }
  for (const column of columns)
    addRowConstraints(
      column,
      rules.map(({ rule }) => rule).filter((rule) => rule.column === column.name),
    );
  return { columns, rules, transforms };
};

const readRules = (
  raw: readonly unknown[] | undefined,
  on: Parameters<typeof readRule>[1],
  place: Place,
  checks: Check[],
): PlacedRule[] =>
  (raw ?? []).flatMap((entry, i) => {
    const rule = readRule(entry, on, place.at(i), checks);
    return rule === undefined ? [] : [{ rule, place: place.at(i) }];
  });

/** Reports name rules by id over time. Rules without an id of their own are numbered where their ids collide. */
const withUniqueIds = (rules: readonly PlacedRule[]): QualityRule[] => {
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

const expressionChecks = (
  columns: readonly Column[],
  properties: readonly PlacedProperty[],
  made: Pick<Contract, 'silverSql' | 'keyPattern'>,
): Check[] =>
  columns.flatMap((column, i) => {
    const place = properties[i]?.place.at('transformLogic');
    return place === undefined ? [] : expressionCheck(column, columns, made, place);
  });
