import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { LruCache } from '../../../base/lru-cache.ts';
import type { Contract } from '../../../contract/model.ts';
import { pathInMessages } from '../../../contract/path-in-messages.ts';
import { Place, Problems, type Report, throwIfAny } from '../../../contract/problems.ts';
import { readShape } from '../../../contract/shape.ts';
import { silverType } from '../../../contract/silver-type.ts';
import { notOneSelect, silverTablesIn, withoutSemicolon } from '../../../contract/sql-text.ts';
import { readYaml } from '../../../contract/yaml-file.ts';
import type { PartitionColumn } from '../../../lake/table/draft.ts';
import { declaredType } from './declared-type.ts';
import { readPartitionedBy, spellField } from './partition-entries.ts';

export interface GoldColumn {
  name: string;
  /** DuckDB type. */
  type: string;
  required: boolean;
  description?: string;
}

/** A table of gold: one SELECT over silver, kept in one file. */
export interface GoldModel {
  /** The file's name without `.sql`: the table is `gold.<name>`. */
  name: string;
  file: string;
  description?: string;
  /** By columns of the output; empty for a table that is rebuilt whole. */
  partitionedBy: PartitionColumn[];
  /** In the order of the output. */
  columns: GoldColumn[];
  /** Columns that together tell rows apart; empty where the header names none. */
  primaryKey: string[];
  sql: string;
  /** Datasets that the model reads as `silver.<dataset>`. */
  reads: string[];
  /** Hash of the text: changes whenever the table may. */
  fingerprint: string;
}

const Header = z.strictObject({
  description: z.string().optional(),
  partitionedBy: z.array(z.string()).default([]),
  columns: z.array(z.unknown()).min(1, 'at least one column'),
});

const HeaderColumn = z.strictObject({
  name: z.string().regex(/^[A-Za-z]\w*$/, 'letters, digits and _, a letter first'),
  logicalType: z
    .enum(['string', 'date', 'timestamp', 'time', 'number', 'integer', 'object', 'array', 'boolean'])
    .optional(),
  /** A DuckDB type, for what ODCS has no logical type for (`MAP(VARCHAR, VARCHAR)`) and for exact decimals. */
  physicalType: z.string().min(1, 'a DuckDB type').optional(),
  description: z.string().optional(),
  required: z.boolean().optional(),
  primaryKey: z.boolean().optional(),
});

const HEADER = /^\s*\/\*---\r?\n([\s\S]*?)\r?\n---\*\//;

/**
 * Reads a gold model: a first block comment that holds YAML between `---`, then one SELECT.
 *
 * @throws ContractInvalid listing every mistake of the file
 */
export const parseGoldModel = (file: string, text: string): GoldModel => {
  const { model, problems } = readModel(file, text);
  throwIfAny([problems]);
  return model;
};

/**
 * All models without mistakes: `sql/<dataset>/gold/*.sql`, and `sql/gold/*.sql` for those that belong to no single
 * dataset.
 *
 * @param answersFor the models to look at; mistakes of others are left to those who answer for them
 * @param report hears of the mistakes; two models of one name are everybody's, as each would overwrite the other
 * @throws ContractInvalid with all mistakes, unless `report` does otherwise
 */
export const loadGoldModels = async (
  sqlDir: string,
  answersFor: (model: GoldModel, folder: string) => boolean = () => true,
  report: Report = throwIfAny,
): Promise<GoldModel[]> => {
  const read: { model: GoldModel; problems: Problems }[] = [];
  const twins: Problems[] = [];
  const made = new Map<string, string>();
  const files = await readdir(sqlDir, { recursive: true });
  for (const file of files
    .filter((name) => /^(?:[^/\\]+[/\\])?gold[/\\][^/\\]+\.sql$/.test(name))
    .toSorted()) {
    const found = readAgain(pathInMessages(sqlDir, file), await readFile(path.join(sqlDir, file), 'utf8'));
    const { name } = found.model;
    const twin = made.get(name);
    made.set(name, twin ?? found.model.file);
    if (twin !== undefined) {
      const problems = new Problems(found.model.file);
      new Place(problems).say(`duplicate model "${name}": ${twin} makes gold.${name} already; rename one`);
      twins.push(problems);
    } else if (answersFor(found.model, file.split(/[/\\]/)[0] ?? '')) read.push(found);
  }
  report([...read.map(({ problems }) => problems), ...twins]);
  return read.filter(({ problems }) => problems.isEmpty).map(({ model }) => model);
};

/**
 * The models that a run of the dataset answers for: those that read it or lie beside it, and those in `sql/gold`
 * that name no known dataset, which nobody else would look at. So a slip in one dataset does not stop the others.
 */
export const modelsOf =
  (dataset: string, datasets: readonly string[]) =>
  ({ reads }: GoldModel, folder: string): boolean =>
    reads.includes(dataset) ||
    folder === dataset ||
    (folder === 'gold' && !reads.some((name) => datasets.includes(name)));

/**
 * Checks the models against the contracts they read. A partitioned model is rebuilt partition by
 * partition, from the same partition of what it reads: so its partition fields must be those of every silver
 * table it reads, by columns of the same names and types and the same transforms. That its rows depend on no
 * other partition cannot be checked and is the author's promise (`docs/datasets.md`).
 *
 * @param contracts of all datasets that the models read and that exist
 * @param datasets the names there are, for the message
 * @throws ContractInvalid
 */
export const checkModels = (
  models: readonly GoldModel[],
  contracts: readonly Contract[],
  datasets: readonly string[] = contracts.map(({ dataset }) => dataset),
): void => {
  const known = new Map(contracts.map((contract) => [contract.dataset, contract]));
  const all = models.map((model) => {
    const problems = new Problems(model.file);
    const place = new Place(problems);
    if (model.reads.length === 0) place.expected('a SELECT that reads at least one silver.<dataset>');
    for (const dataset of model.reads) {
      const contract = known.get(dataset);
      if (contract === undefined)
        place.expected(`silver.<one of ${datasets.join(', ')}>`, `silver.${dataset}`);
      else checkPartitions(model, contract, place.at('partitionedBy'));
    }
    return problems;
  });
  throwIfAny(all);
};

const checkPartitions = (model: GoldModel, contract: Contract, place: Place): void => {
  for (const [i, { column, transform }] of model.partitionedBy.entries()) {
    const own = model.columns.find(({ name }) => name === column);
    const source = contract.columns.find(({ name }) => name === column);
    const field = contract.partitionedBy.find((other) => other.column === column);
    if (source === undefined || field === undefined)
      place.at(i).expected(`a partition column of silver.${contract.dataset} (or no partitions)`, column);
    else if (own?.type !== source.silverType)
      place.at(i).expected(`the type it has in silver.${contract.dataset}, ${source.silverType}`, own?.type);
    else if (transform !== field.transform)
      place
        .at(i)
        .expected(
          `the transform that silver.${contract.dataset} is partitioned by, ${spellField(field)} (or no partitions)`,
          spellField({ column, transform }),
        );
  }
};

/** Models by file and text. */
const remembered = new LruCache<GoldModel>();

const readAgain = (file: string, text: string): ReturnType<typeof readModel> => {
  const key = `${file}\0${text}`;
  const known = remembered.get(key);
  if (known !== undefined) return { model: known, problems: new Problems(file) };
  const read = readModel(file, text);
  if (read.problems.isEmpty) remembered.set(key, read.model);
  return read;
};

const readModel = (file: string, text: string): { model: GoldModel; problems: Problems } => {
  const name = path.basename(file, '.sql');
  const [header = '', yaml] = HEADER.exec(text) ?? [];
  const { value, problems } = readYaml(
    file,
    yaml ?? '',
    header.split('\n').length - (yaml ?? '').split('\n').length,
  );
  const place = new Place(problems);
  const sql = text.slice(header.length).trim();
  if (!/^[a-z][a-z0-9_]*$/.test(name)) place.expected('a file name of [a-z][a-z0-9_]*', name);
  const wrong = notOneSelect(sql);
  if (wrong !== undefined) place.expected(wrong);

  const parsed = yaml === undefined ? undefined : readShape(Header, value, place);
  if (yaml === undefined)
    place.say('no header; begin with a block comment /*--- … ---*/ that describes the columns');
  const columns = (parsed?.columns ?? []).flatMap((raw, i) => {
    const column = readShape(HeaderColumn, raw, place.at('columns', i));
    return column === undefined ? [] : [{ ...column, type: typeOf(column, place.at('columns', i)) }];
  });
  const names = columns.map((column) => column.name);
  for (const [i, column] of names.entries())
    if (names.indexOf(column) < i)
      place.at('columns', i, 'name').say(`duplicate name "${column}"; rename one`);

  const model: GoldModel = {
    name,
    file,
    ...(parsed?.description !== undefined && { description: parsed.description }),
    partitionedBy: readPartitionedBy(parsed?.partitionedBy ?? [], columns, place.at('partitionedBy')),
    columns: columns.map(({ name, type, required, primaryKey, description }) => ({
      name,
      type,
      required: required === true || primaryKey === true,
      ...(description !== undefined && { description }),
    })),
    primaryKey: columns.filter((column) => column.primaryKey === true).map((column) => column.name),
    sql: withoutSemicolon(sql),
    reads: silverTablesIn(sql),
    fingerprint: createHash('sha256').update(text).digest('hex'),
  };
  return { model, problems };
};

/** @returns the type as DuckDB names it; one that a table cannot hold is reported */
const typeOf = (column: z.infer<typeof HeaderColumn>, place: Place): string => {
  const { logicalType, physicalType } = column;
  if (physicalType === undefined) {
    if (logicalType === undefined) place.expected('a logicalType or a physicalType');
    return silverType(logicalType ?? 'string', {}) ?? 'VARCHAR';
  }
  const type = declaredType(physicalType);
  if (type === undefined)
    place
      .at('physicalType')
      .expected(
        'a type that Iceberg has, by the name that DuckDB gives it (VARCHAR, DECIMAL(38,2), MAP(VARCHAR, VARCHAR))',
        physicalType,
      );
  return type ?? 'VARCHAR';
};
