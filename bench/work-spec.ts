import { loadContract } from '../shared/contract/load.ts';
import type { Column } from '../shared/contract/model.ts';
import { STRING_FORMATS } from '../shared/contract/string-formats.ts';
import { loadGoldModels, modelsOf } from '../shared/stages/load-to-gold/gold/model-header.ts';
import { DATASETS, type Dataset, GOLD, REJECT_KEY } from './datasets.ts';
import type { ColumnSpec, Limit, WorkSpec } from './job.ts';
import { SQL_DIR } from './paths.ts';

/**
 * The dataset's contract in a form that every contender understands.
 *
 * @throws RangeError when the contract requires something that contenders do not support: their results would differ
 */
export const workSpec = async (dataset: Dataset): Promise<WorkSpec> => {
  const contract = await loadContract(SQL_DIR, dataset);
  const gold = GOLD[dataset];
  const models = await loadGoldModels(SQL_DIR, modelsOf(dataset, DATASETS));
  const model = models.find(({ name }) => name === gold.name);
  if (model === undefined || models.length > 1)
    throw new RangeError(`bench/sql/${dataset}/gold must contain ${gold.name}.sql and nothing else`);
  return {
    dataset,
    columns: contract.columns.filter((column) => column.derivedFrom === undefined).map(columnSpec),
    partitions: contract.columns.flatMap(({ name, derivedFrom }) =>
      derivedFrom === undefined ? [] : [partition(name, derivedFrom)],
    ),
    primaryKey: contract.primaryKey,
    rejectKey: REJECT_KEY[dataset],
    gold,
    goldSql: model.sql,
    goldTypes: Object.fromEntries(model.columns.map(({ name, type }) => [name, type])),
  };
};

const partition = (name: string, sql: string): WorkSpec['partitions'][number] => {
  const [, part, of] = /^(year|month)\((\w+)\)$/.exec(sql) ?? [];
  if ((part !== 'year' && part !== 'month') || of === undefined)
    throw new RangeError(`${name}: contenders derive year(column) and month(column), not ${sql}`);
  return { name, of, part };
};

const columnSpec = (column: Column): ColumnSpec => ({
  name: column.name,
  source: column.sourceName,
  type: typeOf(column),
  silverType: column.silverType,
  required: column.required,
  limits: limitsOf(column),
});

const typeOf = ({ name, logicalType, silverType, strptime }: Column): ColumnSpec['type'] => {
  if (silverType.startsWith('DECIMAL')) return 'decimal';
  if (strptime === undefined)
    switch (logicalType) {
      case 'string':
      case 'integer':
      case 'number':
      case 'boolean':
      case 'date':
      case 'timestamp':
        return logicalType;
    }
  throw new RangeError(`${name}: contenders do not read ${logicalType} in this form`);
};

const limitsOf = ({ name, logicalType, format, constraints }: Column): Limit[] => {
  const { maxLength, patterns, minimum, maximum, allowed, ...others } = constraints;
  if (Object.keys(others).length > 0)
    throw new RangeError(`${name}: contenders do not check ${Object.keys(others).join(', ')}`);
  const known = logicalType === 'string' ? STRING_FORMATS[format ?? ''] : undefined;
  return [
    ...(maxLength === undefined ? [] : [{ rule: 'maxLength', length: maxLength } as const]),
    ...(known === undefined ? [] : [{ rule: 'format', pattern: known } as const]),
    ...patterns.map((pattern) => ({ rule: 'pattern', pattern }) as const),
    ...(minimum === undefined ? [] : [{ rule: 'minimum', value: minimum } as const]),
    ...(maximum === undefined ? [] : [{ rule: 'maximum', value: maximum } as const]),
    ...(allowed === undefined ? [] : [{ rule: 'allowed', values: allowed } as const]),
  ];
};
