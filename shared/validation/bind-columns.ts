import type { Column, Contract } from '../contract/model.ts';
import { ContractMismatch } from '../errors.ts';

/** A contract's column, and which of the source's columns hold its value. */
export interface Binding {
  column: Column;
  /** Indexes into the source's columns. Empty: the source has none. Several: spellings of one name, in JSON. */
  sources: number[];
}

export interface Bindings {
  bound: Binding[];
  /** Indexes of source columns that the contract does not know. */
  unknown: number[];
}

const normalise = (name: string): string => name.trim().toLowerCase();

/**
 * Matches a source's columns to the contract's by `physicalName`, else by name, without regard to case and
 * outer blanks.
 *
 * @param names the source's column names, in order
 * @param spellings whether several names may stand for one column (JSON keys may differ from record to record)
 * @throws ContractMismatch when required columns are missing, none matches, a column comes twice, or an unknown
 *   one is refused
 */
export const bindColumns = (contract: Contract, names: readonly string[], spellings: boolean): Bindings => {
  const indexes = new Map<string, number[]>();
  for (const [index, name] of names.entries()) {
    const key = normalise(name);
    indexes.set(key, [...(indexes.get(key) ?? []), index]);
  }
  const bound = contract.columns
    .filter((column) => column.derivedFrom === undefined)
    .map((column) => ({
      column,
      sources: indexes.get(normalise(column.sourceName)) ?? indexes.get(normalise(column.name)) ?? [],
    }));
  const taken = new Set(bound.flatMap((binding) => binding.sources));
  const unknown = names.map((_, index) => index).filter((index) => !taken.has(index));
  refuseMisfits(contract, names, { bound, unknown }, spellings);
  return { bound, unknown };
};

const refuseMisfits = (
  contract: Contract,
  names: readonly string[],
  { bound, unknown }: Bindings,
  spellings: boolean,
): void => {
  const found = `The file has: ${names.map((name) => JSON.stringify(name)).join(', ')}.`;
  const advice = `Mend the file, or ${contract.file}.`;
  if (bound.every((binding) => binding.sources.length === 0))
    throw new ContractMismatch(
      `No column of dataset "${contract.dataset}" is in the file. ${found} ${advice}`,
    );
  const missing = bound.filter(({ column, sources }) => column.required && sources.length === 0);
  if (missing.length > 0)
    throw new ContractMismatch(
      `Required columns are missing: ${missing.map(({ column }) => column.sourceName).join(', ')}. ${found} ${advice}`,
    );
  const doubled = bound.filter(({ sources }) => sources.length > 1);
  if (!spellings && doubled.length > 0)
    throw new ContractMismatch(
      `Columns come more than once: ${doubled.map(({ column }) => column.sourceName).join(', ')}. ${found} ${advice}`,
    );
  if (contract.unknownColumns === 'reject' && unknown.length > 0)
    throw new ContractMismatch(
      `Columns are unknown to the contract, which refuses them: ${unknown.map((i) => names[i]).join(', ')}. ${advice}`,
    );
};
