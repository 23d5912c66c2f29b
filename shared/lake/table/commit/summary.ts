import type { ContentFile } from '../../iceberg/types.ts';

interface Changed {
  added: readonly ContentFile[];
  removed: readonly ContentFile[];
}

/**
 * The counts of a snapshot's summary, by Iceberg's names (specification, "Optional Snapshot Summary Fields"). Records are
 * counted as they are in the files, including deleted rows.
 *
 * @param before the previous snapshot's summary
 */
export const summaryOf = (
  before: Readonly<Record<string, string>> | undefined,
  { data, deletes }: { data: Changed; deletes: Changed },
): Record<string, string> => {
  const total = (name: string, added: number, removed: number): Record<string, string> => ({
    [name]: String(Number(before?.[name] ?? 0) + added - removed),
  });
  const all = { added: [...data.added, ...deletes.added], removed: [...data.removed, ...deletes.removed] };
  return {
    ...unlessZero('added-data-files', data.added.length),
    ...unlessZero('deleted-data-files', data.removed.length),
    ...unlessZero('added-records', rows(data.added)),
    ...unlessZero('deleted-records', rows(data.removed)),
    ...unlessZero('added-delete-files', deletes.added.length),
    ...unlessZero('removed-delete-files', deletes.removed.length),
    ...unlessZero('added-position-deletes', rows(deletes.added)),
    ...unlessZero('removed-position-deletes', rows(deletes.removed)),
    ...unlessZero('added-files-size', bytes(all.added)),
    ...unlessZero('removed-files-size', bytes(all.removed)),
    ...total('total-data-files', data.added.length, data.removed.length),
    ...total('total-records', rows(data.added), rows(data.removed)),
    ...total('total-delete-files', deletes.added.length, deletes.removed.length),
    ...total('total-position-deletes', rows(deletes.added), rows(deletes.removed)),
    ...total('total-equality-deletes', 0, 0),
    ...total('total-files-size', bytes(all.added), bytes(all.removed)),
  };
};

/** The totals of a snapshot that has the files of an earlier one: it adds and removes none. */
export const totalsOf = (restored: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(restored).filter(([name]) => name.startsWith('total-')));

const rows = (files: readonly ContentFile[]): number => files.reduce((sum, file) => sum + file.rows, 0);

const bytes = (files: readonly ContentFile[]): number => files.reduce((sum, file) => sum + file.bytes, 0);

const unlessZero = (name: string, count: number): Record<string, string> =>
  count === 0 ? {} : { [name]: String(count) };
