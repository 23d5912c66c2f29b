import type { Column, Contract } from '../../contract/model.ts';
import { ContractMismatch } from '../../errors.ts';
import { listNames } from '../../formats/records/list-names.ts';

/** A column of the contract, and the source's columns that hold its value. */
export interface Binding {
  column: Column;
  /** Indexes of the source's columns: none where the source lacks it; several for spellings of one name, in JSON. */
  sources: number[];
}

export interface Bindings {
  bound: Binding[];
  /** Indexes of source columns that the contract does not know. */
  unknown: number[];
}

const normalise = (name: string): string => name.trim().toLowerCase();

/**
 * Matches a source's columns to the contract's by `physicalName`, else by name. Case and outer blanks are ignored.
 *
 * @param names the source's column names, in order
 * @param spellings whether several spellings of a name belong to one column, as JSON keys may differ between records
 * @throws ContractMismatch when no column matches, a required one is missing, one occurs twice, or the contract rejects
 *   an unknown one
 */
export const bindColumns = (contract: Contract, names: readonly string[], spellings: boolean): Bindings => {
  const bindings = matchColumns(contract, names);
  throwIfMismatched(contract, names, bindings, spellings);
  return bindings;
};

/** The same for any names, whether or not they fit the contract. */
export const matchColumns = (contract: Contract, names: readonly string[]): Bindings => {
  const indexes = new Map<string, number[]>();
  for (const [index, name] of names.entries()) {
    const key = normalise(name);
    indexes.set(key, [...(indexes.get(key) ?? []), index]);
  }
  const columns = contract.columns.filter((column) => column.derivedFrom === undefined);
  const sourceNames = new Set(columns.map(({ sourceName }) => normalise(sourceName)));
  const bound = columns.map((column) => {
    const [own, silver] = [normalise(column.sourceName), normalise(column.name)];
    // A physicalName of another column never counts as this column's name.
    const sources = indexes.get(own) ?? (sourceNames.has(silver) ? undefined : indexes.get(silver)) ?? [];
    return { column, sources };
  });
  const taken = new Set(bound.flatMap((binding) => binding.sources));
  const unknown = names.map((_, index) => index).filter((index) => !taken.has(index));
  return { bound, unknown };
};

const throwIfMismatched = (
  contract: Contract,
  names: readonly string[],
  { bound, unknown }: Bindings,
  spellings: boolean,
): void => {
  const advice = `Fix the file and upload it again, or fix ${contract.file}.`;
  const sourceNames = (bindings: readonly Binding[]): string =>
    listNames(bindings.map(({ column }) => column.sourceName));
  if (names.length === 0)
    throw new ContractMismatch(
      `No record of the file is a JSON object with keys that could be read; dataset "${contract.dataset}" expects ${sourceNames(bound)}. ${advice}`,
    );
  // The file's columns are not listed here: where none matches, its first line may well be data.
  if (bound.every(({ sources }) => sources.length === 0))
    throw new ContractMismatch(
      `None of the file's ${names.length} columns is one of dataset "${contract.dataset}", which expects ${sourceNames(bound)}. ${advice}`,
    );
  const missing = bound.filter(({ column, sources }) => column.required && sources.length === 0);
  if (missing.length > 0)
    throw new ContractMismatch(
      `Required columns are missing: ${sourceNames(missing)}. The file has ${listNames(names)}. ${advice}`,
    );
  const repeated = bound.filter(({ sources }) => sources.length > 1);
  if (!spellings && repeated.length > 0)
    throw new ContractMismatch(
      `Columns occur more than once: ${sourceNames(repeated)}. The file has ${listNames(names)}. ${advice}`,
    );
  if (contract.unknownColumns === 'reject' && unknown.length > 0)
    throw new ContractMismatch(
      `Columns are unknown to the contract, which rejects them: ${listNames(unknown.map((i) => names[i] ?? ''))}. ${advice}`,
    );
};
