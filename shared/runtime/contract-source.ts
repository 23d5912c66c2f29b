import { evaluateIn } from '../contract/load.ts';
import type { Db } from '../engine/with-duckdb.ts';
import type { ContractSource } from '../run/judging-contract.ts';
import type { StepTools } from './step.ts';

/** Where a step finds its contract, checked in the DuckDB that it has open. */
export const contractSource = (
  db: Db,
  { config, goesBack }: Pick<StepTools, 'config' | 'goesBack'>,
): ContractSource => ({ sqlDir: config.sqlDir, evaluate: evaluateIn(db), goesBack });
