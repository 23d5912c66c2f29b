import type { Column, Contract } from '../../contract/model.ts';
import { ContractMismatch } from '../../errors.ts';

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

/** As many names as a message can hold and still be read. */
const NAMES_SHOWN = 20;
/** In characters. */
const NAME_LENGTH = 100;

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
  const columns = contract.columns.filter((column) => column.derivedFrom === undefined);
  const sourceNames = new Set(columns.map(({ sourceName }) => normalise(sourceName)));
  const bound = columns.map((column) => {
    const [own, silver] = [normalise(column.sourceName), normalise(column.name)];
    // What another column is called in the source is not this column's, whatever silver calls it.
    const sources = indexes.get(own) ?? (sourceNames.has(silver) ? undefined : indexes.get(silver)) ?? [];
    return { column, sources };
  });
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
  const advice = `Mend the file and upload it again, or mend ${contract.file}.`;
  const sourceNames = (bindings: readonly Binding[]): string =>
    listNames(bindings.map(({ column }) => column.sourceName));
  if (names.length === 0)
    throw new ContractMismatch(
      `No record of the file is a JSON object with keys that could be read; dataset "${contract.dataset}" expects ${sourceNames(bound)}. ${advice}`,
    );
  // What the file has instead is not listed here: where nothing fits, its first line may well be data.
  if (bound.every(({ sources }) => sources.length === 0))
    throw new ContractMismatch(
      `None of the file's ${names.length} columns is one of dataset "${contract.dataset}", which expects ${sourceNames(bound)}. ${advice}`,
    );
  const missing = bound.filter(({ column, sources }) => column.required && sources.length === 0);
  if (missing.length > 0)
    throw new ContractMismatch(
      `Required columns are missing: ${sourceNames(missing)}. The file has ${listNames(names)}. ${advice}`,
    );
  const doubled = bound.filter(({ sources }) => sources.length > 1);
  if (!spellings && doubled.length > 0)
    throw new ContractMismatch(
      `Columns come more than once: ${sourceNames(doubled)}. The file has ${listNames(names)}. ${advice}`,
    );
  if (contract.unknownColumns === 'reject' && unknown.length > 0)
    throw new ContractMismatch(
      `Columns are unknown to the contract, which refuses them: ${listNames(unknown.map((i) => names[i] ?? ''))}. ${advice}`,
    );
};

const listNames = (names: readonly string[]): string => {
  const more = names.length - NAMES_SHOWN;
  const shown = names.slice(0, NAMES_SHOWN).map((name) => JSON.stringify(name.slice(0, NAME_LENGTH)));
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
};
