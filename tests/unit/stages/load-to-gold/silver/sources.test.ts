import { TableDamaged } from '../../../../../shared/errors.ts';
import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import {
  type CommittedSource,
  sourcesRoot,
  sourceTree,
} from '../../../../../shared/stages/load-to-gold/silver/sources.ts';
import { scratch } from '../../../../helpers/scratch.ts';
import { contractOf, keysIn, rowsSql, runOf, SilverLake } from '../../../../helpers/silver-lake.ts';

const YEAR = '{ name: year, logicalType: integer, partitioned: true }';
const years = (count: number) => rowsSql('year', ...Array.from({ length: count }, (_, i) => `(${2000 + i})`));

const stateOf = async (lake: SilverLake, file: string): Promise<CommittedSource | undefined> =>
  await sourceTree(lake.store, 't').get(sourcesRoot(await lake.snapshot()), runOf(file, 0).source_id);

test('a snapshot knows of each source whose rows it has, when they came and where they are', async () => {
  const lake = new SilverLake(await contractOf([YEAR]));
  await lake.upload('a', 1, years(2));
  await lake.upload('b', 2, years(1));
  const run = runOf('a', 1);
  expect(await stateOf(lake, 'a')).toEqual({
    runId: run.run_id,
    key: run.key,
    version: run.version_id,
    sequencer: run.sequencer,
    uploadedAt: run.uploaded_at,
    content: expect.stringMatching(/^[0-9a-f]{64}$/),
    partitions: expect.arrayContaining([{ year: '2000' }, { year: '2001' }]),
  });
  expect((await stateOf(lake, 'b'))?.partitions).toEqual([{ year: '2000' }]);
  expect(await stateOf(lake, 'c')).toBeUndefined();
});

test('an earlier snapshot knows what was then', async () => {
  const lake = new SilverLake(await contractOf([YEAR]));
  await lake.upload('a', 1, years(1));
  await lake.upload('a', 2, years(2));
  const [now, then] = (await lake.snapshot()).history;
  const tree = sourceTree(lake.store, 't');
  const { source_id } = runOf('a', 0);
  expect((await tree.get(sourcesRoot(now), source_id))?.runId).toBe(runOf('a', 2).run_id);
  expect((await tree.get(sourcesRoot(then), source_id))?.runId).toBe(runOf('a', 1).run_id);
  expect(await tree.get(sourcesRoot(undefined), source_id)).toBeUndefined();
});

test('its partitions are left out where they are very many, and its rows may be anywhere', async () => {
  const lake = new SilverLake(await contractOf([YEAR]));
  await lake.upload('few', 1, years(64));
  await lake.upload('many', 2, years(65));
  expect((await stateOf(lake, 'few'))?.partitions).toHaveLength(64);
  expect(await stateOf(lake, 'many')).not.toHaveProperty('partitions');
});

test('they lie outside the table’s folder, where other engines remove what they do not know', async () => {
  const lake = new SilverLake(await contractOf([YEAR]));
  await lake.upload('a', 1, years(1));
  expect(await keysIn(lake.store, '_sources/t/')).toHaveLength(1);
  expect((await keysIn(lake.store, 't/')).filter((key) => !/^t\/(data|metadata)\//.test(key))).toEqual([]);
});

test('what cannot be a state is refused', async () => {
  const tree = sourceTree(new FolderStore(scratch()), 't');
  const broken = { runId: 'r' } as unknown as CommittedSource;
  await expect(tree.put(undefined, new Map([['s', broken]]))).rejects.toThrow(TableDamaged);
});
