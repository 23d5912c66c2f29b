import type { Evaluate } from '../contract/duckdb-checks.ts';
import { loadContract } from '../contract/load.ts';
import type { Contract } from '../contract/model.ts';
import { ConfigurationError, ContractChanged, UnknownDataset } from '../errors.ts';
import type { ValidateOutput } from './payload.ts';
import { stuckUntil } from './restarts.ts';

/** Where a state finds its contract. */
export interface ContractSource {
  /** Folder of the datasets' contracts. */
  sqlDir: string;
  evaluate: Evaluate;
  /** Whether the execution can go back to Validate. */
  goesBack: boolean;
}

/**
 * Loads the contract for a state after Validate, and makes sure that it is the one by which Validate judged the file. Where the
 * execution cannot go back to Validate, or began under a release that did not hand on the fingerprint, any contract will do.
 *
 * @throws ContractChanged when it is another one: the execution goes back to Validate
 * @throws ConfigurationError when going back has not helped several times: functions were deployed one by one
 * @throws UnknownDataset, ContractInvalid as `loadContract`
 */
export const judgingContract = async (
  validate: Pick<ValidateOutput, 'run' | 'contract_version' | 'again'>,
  { sqlDir, evaluate, goesBack }: ContractSource,
): Promise<Contract> => {
  const { dataset, contract_fingerprint: judgedBy } = validate.run;
  if (!goesBack || judgedBy === undefined) return await loadContract(sqlDir, dataset, evaluate);
  const contract = await loadContract(sqlDir, dataset, evaluate).catch((error: unknown) => {
    if (error instanceof UnknownDataset) return undefined;
    throw error;
  });
  if (contract?.fingerprint === judgedBy) return contract;
  throw changed(validate, contract);
};

const changed = (
  { run, contract_version, again }: Pick<ValidateOutput, 'run' | 'contract_version' | 'again'>,
  found: Contract | undefined,
): Error => {
  const before = named(contract_version, run.contract_fingerprint);
  const now = found === undefined ? 'none' : named(found.version, found.fingerprint);
  const stuck = again?.restarts && stuckUntil(again.restarts);
  if (stuck !== undefined && Date.now() < stuck.getTime())
    return new ConfigurationError(
      `The functions have different contracts of "${run.dataset}": Validate has ${before}, this one ${now}, and that did not change while the execution went back to Validate ${again?.restarts?.in_vain} times. Deploy all functions, then redrive after ${stuck.toISOString()}.`,
    );
  return new ContractChanged(
    `The contract of "${run.dataset}" has changed since Validate judged the file: from ${before} to ${now}. The execution goes back to Validate.`,
  );
};

/** Versions are written by hand, and may be equal for contracts that are not. */
const named = (version: string, fingerprint = ''): string => `${version} (${fingerprint.slice(0, 8)})`;
