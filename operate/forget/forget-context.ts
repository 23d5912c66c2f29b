import type { Contract } from '../../shared/contract/model.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import type { Catalog } from '../../shared/lake/catalog/catalog.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import { type KnownRun, knownRuns } from '../../shared/replay/known-runs.ts';
import type { RawVersion } from '../../shared/replay/raw-versions.ts';
import type { Config } from '../../shared/runtime/config.ts';
import type { Definitions } from '../../shared/stages/load-to-gold/load.ts';
import type { ForgetOptions } from '../forgotten.ts';
import type { Condition } from './condition.ts';

export interface ForgetSource {
  lake: Lake;
  config: Config;
  catalog?: Catalog;
  /** All versions of the raw files whose keys begin with a text, of each key the newest first. */
  versions(prefix: string): AsyncIterable<RawVersion>;
}

/** Everything that one request works with. */
export interface ForgetContext {
  source: ForgetSource;
  db: Db;
  scratch: string;
  contract: Contract;
  definitions: Definitions;
  condition: Condition;
  options: ForgetOptions;
}

export interface ForgottenTable {
  zone: 'silver' | 'gold';
  name: string;
  description?: string | undefined;
}

/** Silver, and the gold tables that are made from it. */
export const tablesOf = ({ contract, definitions }: ForgetContext): ForgottenTable[] => [
  { zone: 'silver', name: contract.dataset, description: contract.description },
  ...definitions.models.map(({ name, description }) => ({ zone: 'gold' as const, name, description })),
];

/** The runs of the dataset, and those of others. */
export const runsOf = async ({
  source,
  contract,
}: ForgetContext): Promise<{ own: KnownRun[]; others: KnownRun[] }> => {
  const { own = [], others = [] } = Object.groupBy(await knownRuns(source), ({ dataset }) =>
    dataset === contract.dataset ? 'own' : 'others',
  );
  return { own, others };
};

export const tell = ({ options }: ForgetContext, what: string): void =>
  options.observe?.({ type: 'working', what });
