import type { LocalLake } from '../../operate/local/lake.ts';
import { removalSource } from '../../operate/local/removal-source.ts';
import type { RemovalSource } from '../../operate/removal/remove-files.ts';
import { config } from './engine.ts';
import type { StepRunner } from './run-steps.ts';
import { contractYaml } from './silver-lake.ts';

/** A dataset with a key, and a gold table over it. */
export const SHOPS = {
  't/contract.yaml': contractYaml('t', [
    '{ name: id, logicalType: integer, primaryKey: true }',
    '{ name: v, logicalType: string }',
  ]),
  't/gold/totals.sql': `/*---
columns:
  - { name: rows, logicalType: integer }
---*/
SELECT count(*) AS rows FROM silver.t`,
};

/** The lake of a runner as `remove` sees it on a laptop. */
export const removalFrom = ({ lake, context }: StepRunner): RemovalSource =>
  removalSource({ lake: lake as LocalLake, config: { ...config, ...context.config } });

/** A CSV file of `SHOPS`. */
export const csvOf = (...rows: [id: number, v: string][]): string =>
  `id,v\n${rows.map((row) => `${row.join(',')}\n`).join('')}`;
