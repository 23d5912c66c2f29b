import type { Contract } from '../../../contract/model.ts';
import type { Schema } from '../../../lake/iceberg/types.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import type { Draft } from '../../../lake/table/draft.ts';
import { distinctPartitions, type Partition } from '../../../lake/table/partition-names.ts';
import type { RunIdentity } from '../../../run/run-identity.ts';
import type { FilesOfSources } from './files-of-sources.ts';
import type { Intent } from './intent.ts';
import { keyField, mayShareKeys } from './key-bounds.ts';
import type { CommittedSource } from './sources.ts';

/** The intents of a commit, once all of their staged files fit the table. */
export interface SilverInput {
  contract: Pick<Contract, 'primaryKey' | 'partitionedBy'>;
  load: readonly Intent[];
  confirm: readonly Intent[];
  /** The entries of sources that are removed, by source id: all of their rows go. */
  remove: ReadonlyMap<string, CommittedSource>;
  /** By source id. */
  committed: ReadonlyMap<string, CommittedSource>;
}

/** The second half of the plan of a commit: what becomes of each file. */
export interface FilesPlan extends FilesOfSources {
  /** Staged files, by the source that brings them. */
  added: ReadonlyMap<string, readonly DataFile[]>;
  /** Sources that are committed already, and whose rows go. */
  replaced: readonly string[];
  /** Files of the table that stay as they are, unless some of their rows have to be deleted by position. */
  kept: readonly DataFile[];
  /** Kept files that may hold keys of rows that come, go, or are of another age than before. */
  rivals: readonly DataFile[];
  /** Sources whose rows stay, and are of another age than before. None where no keys are compared. */
  confirmed: readonly string[];
  /** Whether any two files have to be compared for keys. */
  compareKeys: boolean;
  /** The partitions whose rows change, those of rivals apart. */
  touched: readonly Partition[];
  title: string;
  /** An `append` becomes an `overwrite` where rows of kept files are deleted by position. */
  operation: Draft['operation'];
  /** The next entries of the index of committed sources. */
  entries: ReadonlyMap<string, CommittedSource>;
}

/**
 * Where the table's files have to be looked at: in the partitions of rows that come, go or change their age, or in all
 * where the same key may lie in any partition. Without a key no files are compared, and only replaced sources matter.
 */
export const partitionsToSearch = (input: SilverInput): readonly Partition[] | 'all' => {
  const { contract, load, remove, committed } = input;
  const { partitionedBy, primaryKey } = contract;
  const before = [...load.map(({ run }) => run.source_id), ...confirmedSources(input), ...remove.keys()]
    .flatMap((id) => committed.get(id) ?? [])
    .map(({ partitions }) => partitions);
  if (load.length === 0 && before.length === 0) return [];
  if (primaryKey.length === 0) return union(before);
  if (!partitionedBy.every(({ column }) => primaryKey.includes(column))) return 'all';
  return union([...load.map(({ staged }) => partitionsOf(staged.files)), ...before]);
};

/** A committed source without partitions has rows in very many of them. */
const union = (lists: readonly (readonly Partition[] | undefined)[]): readonly Partition[] | 'all' =>
  lists.includes(undefined) ? 'all' : distinctPartitions(lists.flatMap((list) => list ?? []));

const partitionsOf = (files: readonly DataFile[]): Partition[] => files.map(({ partition }) => partition);

/** The sources of which the table has rows that go. */
export const replacedSources = ({ load, remove, committed }: SilverInput): string[] =>
  [...load.map(({ run }) => run.source_id), ...remove.keys()].filter((id) => committed.has(id));

/** The sources whose rows stay, and may win or lose keys because their newest version is a later upload. */
export const confirmedSources = ({ contract, confirm }: SilverInput): string[] =>
  contract.primaryKey.length === 0 ? [] : confirm.map(({ run }) => run.source_id);

export interface FoundFiles extends FilesOfSources {
  /** The table's files in the partitions to search. `whole` and `mixed` of them hold rows of the replaced sources. */
  files: readonly DataFile[];
  /** Those that hold rows of the confirmed sources. */
  confirmed: readonly DataFile[];
}

/**
 * Decides what becomes of each file: staged files are added, whole files removed, mixed ones rewritten without the rows
 * of replaced sources, and rivals compared.
 */
export const planSilverFiles = (input: SilverInput, schema: Schema, found: FoundFiles): FilesPlan => {
  const { contract, load } = input;
  const { whole, mixed } = found;
  const going = [...whole, ...mixed];
  const isGoing = new Set(going);
  const kept = found.files.filter((file) => !isGoing.has(file));
  const added = new Map(load.map(({ run, staged }) => [run.source_id, staged.files]));
  const coming = [...added.values()];
  const field = keyField(contract, schema);
  const meet = (some: readonly DataFile[], others: readonly DataFile[]): boolean =>
    some.some((one) => others.some((other) => mayShareKeys(contract, field, one, other)));
  const hasKey = contract.primaryKey.length > 0;
  const changed = [...going, ...coming.flat()];
  const aged = found.confirmed.filter((file) => !isGoing.has(file));
  const rivals = hasKey ? kept.filter((file) => meet([file], [...changed, ...aged])) : [];
  // The rows of one source have no rivals among themselves: each key is there once.
  const contested = hasKey && coming.some((files, i) => meet(files, coming.slice(i + 1).flat()));
  const sourceOf = onlySource(schema);
  const others = (file: DataFile): DataFile[] =>
    kept.filter((other) => sourceOf(other) === undefined || sourceOf(other) !== sourceOf(file));
  const isAlone = (file: DataFile): boolean =>
    aged.includes(file) && !meet([file], [...changed, ...others(file)]);
  return {
    whole,
    mixed,
    added,
    replaced: replacedSources(input),
    kept,
    rivals,
    confirmed: confirmedSources(input),
    // The other rows of a mixed file may share keys with those that go from it.
    compareKeys: rivals.some((file) => !isAlone(file)) || contested || (hasKey && mixed.length > 0),
    touched: distinctPartitions(partitionsOf(changed)),
    ...operationOf(input, found, coming.flat().length),
    entries: nextEntries(input),
  };
};

/** The source whose rows a file holds, where it holds rows of one only; by the bounds, which are whole for this column. */
const onlySource = ({ fields }: Schema): ((file: DataFile) => string | undefined) => {
  const field = fields.find(({ name }) => name === '_source_id');
  return ({ columns }) => {
    const { lower, upper } = (field === undefined ? undefined : columns[field.id]) ?? {};
    return lower === upper ? lower : undefined;
  };
};

const operationOf = (
  { load, remove }: SilverInput,
  { whole, mixed }: FilesOfSources,
  coming: number,
): Pick<FilesPlan, 'operation' | 'title'> => {
  const going = whole.length + mixed.length;
  if (remove.size > 0)
    return {
      operation: mixed.length > 0 ? 'overwrite' : going > 0 ? 'delete' : 'replace',
      title: 'remove source',
    };
  if (load.length === 0) return { operation: 'replace', title: 'confirm source' };
  if (going > 0) return { operation: coming === 0 ? 'delete' : 'overwrite', title: 'replace source' };
  return { operation: 'append', title: 'append' };
};

/** A committed source names its partitions, so that its files are found again, unless there are more. */
const MAX_PARTITIONS = 64;

const nextEntries = ({ load, confirm, remove, committed }: SilverInput): Map<string, CommittedSource> => {
  const entries = new Map<string, CommittedSource>(remove);
  for (const { run } of confirm) {
    const before = committed.get(run.source_id);
    // The same rows, as this version brings them: an older version that arrives late is out of date.
    if (before !== undefined)
      entries.set(run.source_id, {
        ...{ ...before, sequencer: run.sequencer, uploadedAt: run.uploaded_at },
        ...contractOf(run),
        ...(run.version_id !== undefined && { version: run.version_id }),
        ...(run.replayed_at !== undefined && { replayedAt: run.replayed_at }),
      });
  }
  for (const { run, staged } of load) {
    const partitions = distinctPartitions(partitionsOf(staged.files));
    const removal = committed.get(run.source_id)?.removal;
    entries.set(run.source_id, {
      runId: run.run_id,
      key: run.key,
      ...(run.version_id !== undefined && { version: run.version_id }),
      sequencer: run.sequencer,
      uploadedAt: run.uploaded_at,
      content: staged.content,
      ...contractOf(run),
      ...(partitions.length <= MAX_PARTITIONS && { partitions }),
      ...(run.replayed_at !== undefined && { replayedAt: run.replayed_at }),
      ...(removal !== undefined && { removal }),
    });
  }
  return entries;
};

const contractOf = ({ contract_fingerprint: contractFingerprint }: RunIdentity) => ({
  ...(contractFingerprint !== undefined && { contractFingerprint }),
});
