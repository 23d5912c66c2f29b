import { createHash } from 'node:crypto';
import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import type { DataFile } from '../../../../../shared/lake/table/data-file.ts';
import type { Draft } from '../../../../../shared/lake/table/draft.ts';
import type { Snapshot } from '../../../../../shared/lake/table/read/snapshot.ts';
import { changeBy, fileOf, increment, KEEP_ALL } from '../../../../helpers/increment.ts';
import { scratch } from '../../../../helpers/scratch.ts';

const newTable = (now: () => number = Date.now) => {
  const table = new Table(new FolderStore(scratch()), 't', { retention: KEEP_ALL, now });
  const commit = async (change: Partial<Draft> = {}): Promise<Snapshot> => {
    const { snapshot } = await table.commit(
      changeBy((base) => ({
        ...increment(base, 'r'),
        added: [],
        ...change,
      })),
    );
    if (snapshot === undefined) throw new Error('nothing is committed');
    return snapshot;
  };
  return { table, commit };
};

/** Pseudo-random numbers that are the same in every run. */
const chance = (seed: number) => {
  let drawn = 0;
  return (below: number): number =>
    createHash('sha256').update(`${seed} ${drawn++}`).digest().readUInt32BE(0) % below;
};

/** The totals that Iceberg expects for these files. */
const totals = (files: readonly DataFile[]): Record<string, string> => {
  const deletes = files.flatMap(({ deletes }) => (deletes === undefined ? [] : [deletes]));
  const sum = (numbers: readonly number[]) => String(numbers.reduce((a, b) => a + b, 0));
  return {
    'total-data-files': String(files.length),
    'total-records': sum(files.map(({ rows }) => rows)),
    'total-delete-files': String(deletes.length),
    'total-position-deletes': sum(deletes.map(({ rows }) => rows)),
    'total-equality-deletes': '0',
    'total-files-size': sum([...files, ...deletes].map(({ bytes }) => bytes)),
  };
};

test.each([1, 2, 3])(
  'a summary’s totals are the sums over the files, whatever came and went: %d',
  async (seed) => {
    const { commit } = newTable();
    const draw = chance(seed);
    let files: DataFile[] = [];
    for (let round = 0; round < 30; round += 1) {
      const added = Array.from({ length: draw(4) }, (_, i) =>
        fileOf(`f${round}-${i}`, {
          rows: draw(100),
          bytes: draw(1_000),
          partition: { day: String(draw(3)) },
        }),
      );
      const removed = files.filter(() => draw(5) === 0);
      const stay = [...files.filter((file) => !removed.includes(file)), ...added];
      const changedDeletes = stay
        .filter(() => draw(3) === 0)
        .map((file, i) => ({
          file,
          deletes:
            draw(4) === 0
              ? undefined
              : { key: `t/deletes/m${round}-${i}.parquet`, rows: 1 + draw(9), bytes: draw(50) },
        }));
      const before = files;
      const snapshot = await commit({ added, removed, changedDeletes });
      files = await snapshot.files();
      expect(snapshot.properties).toMatchObject(totals(files));
      expect(files.map(({ key }) => key).toSorted()).toEqual(stay.map(({ key }) => key).toSorted());
      const { properties } = snapshot;
      const count = (name: string) => Number(properties[name] ?? 0);
      expect(count('added-data-files') - count('deleted-data-files')).toBe(files.length - before.length);
      expect(count('added-records')).toBe(added.reduce((rows, file) => rows + file.rows, 0));
      expect(count('deleted-records')).toBe(removed.reduce((rows, file) => rows + file.rows, 0));
      for (const { file, deletes } of changedDeletes)
        expect(files.find(({ key }) => key === file.key)?.deletes).toEqual(deletes);
    }
  },
);

test('the first version has what every engine needs', async () => {
  const { table, commit } = newTable();
  await commit({ added: [fileOf('a')], tableProperties: { 'my.property': 'x' } });
  const version = await table.newest();
  expect(version?.metadata).toMatchObject({
    'format-version': 2,
    'table-uuid': expect.stringMatching(/^[0-9a-f-]{36}$/),
    location: expect.stringMatching(/^file:\/\/\/.*\/t$/),
    'last-sequence-number': 1,
    'last-column-id': 2,
    'last-partition-id': 1000,
    'default-spec-id': 0,
    'metadata-log': [],
    properties: { 'write.format.default': 'parquet', 'my.property': 'x' },
    refs: { main: { 'snapshot-id': version?.snapshot?.id, type: 'branch' } },
  });
  expect(version?.file).toBe(`${version?.metadata.location}/metadata/v1.metadata.json`);
});

test('each version names the files of those before it, and no more than a hundred', async () => {
  const { table, commit } = newTable();
  for (let i = 0; i < 103; i += 1) await commit();
  const { metadata } = (await table.newest()) ?? {};
  const log = metadata?.['metadata-log'] ?? [];
  expect(log).toHaveLength(100);
  expect(log.map((entry) => /v(\d+)\./.exec(entry['metadata-file'])?.[1])).toEqual(
    Array.from({ length: 100 }, (_, i) => String(3 + i)),
  );
  expect(metadata?.['table-uuid']).toBe((await table.current())?.metadata['table-uuid']);
});

test('time does not go back, though a writer’s clock may', async () => {
  const clock = [5_000, 1_000, 2_000, 9_000].map((at) => at + Date.UTC(2024, 0, 1));
  let turn = 0;
  const { table, commit } = newTable(() => clock[turn] ?? 0);
  for (; turn < clock.length; turn += 1) await commit();
  turn = 0;
  const { metadata } = (await table.newest()) ?? {};
  const at = (seconds: number) => Date.UTC(2024, 0, 1) + seconds * 1_000;
  expect(metadata?.snapshots.map((each) => each['timestamp-ms'])).toEqual([at(5), at(5), at(5), at(9)]);
  expect(metadata?.['last-updated-ms']).toBe(at(9));
});

test('snapshots have ids of their own that numbers hold, and each names the one before', async () => {
  const { commit } = newTable();
  for (let i = 0; i < 20; i += 1) await commit();
  const { metadata } = await commit();
  const ids = metadata.snapshots.map((each) => each['snapshot-id']);
  expect(new Set(ids).size).toBe(21);
  expect(ids.every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true);
  expect(metadata.snapshots.map((each) => each['parent-snapshot-id'])).toEqual([
    undefined,
    ...ids.slice(0, -1),
  ]);
});
