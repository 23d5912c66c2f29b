import type { Contract } from '../contract/model.ts';
import type { Lake } from '../lake/paths.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import type { ViewColumn } from '../lake/table/data-file.ts';
import { goldColumns } from '../stages/load-to-gold/gold/gold-table.ts';
import type { GoldModel } from '../stages/load-to-gold/gold/model-header.ts';
import { silverColumns } from '../stages/transform/silver-table.ts';

/** A table of the lake, which SQL names `zone.name`. */
export interface LakeTable {
  zone: 'silver' | 'gold';
  name: string;
  store: ObjectStore;
}

export const fullName = ({ zone, name }: LakeTable): string => `${zone}.${name}`;

/** The tables that contracts and gold models define, with their present columns; some may have no commit yet. */
export const lakeTables = (
  lake: Pick<Lake, 'silver' | 'gold'>,
  contracts: readonly Contract[],
  models: readonly GoldModel[],
): (LakeTable & { columns: (ViewColumn & { identity: string })[] })[] => [
  ...contracts.map((contract) => ({
    zone: 'silver' as const,
    name: contract.dataset,
    store: lake.silver,
    columns: silverColumns(contract),
  })),
  ...models.map((model) => ({
    zone: 'gold' as const,
    name: model.name,
    store: lake.gold,
    columns: goldColumns(model),
  })),
];
