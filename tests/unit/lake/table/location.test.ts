import { TableDamaged } from '../../../../shared/errors.ts';
import { FolderStore } from '../../../../shared/lake/storage/folder-store.ts';
import { Table } from '../../../../shared/lake/table/commit/table.ts';
import { Location } from '../../../../shared/lake/table/location.ts';
import { changeBy, increment, runsOf } from '../../../helpers/increment.ts';
import { scratch } from '../../../helpers/scratch.ts';

describe.each(['s3://bucket/t', 'file:///my lake/50%/t', 's3://bucket/under/t'])('a table at %s', (uri) => {
  const location = new Location(uri, 't');

  test.each(['t/data/a.parquet', 't/data/year=2024/b c%20.parquet', 't/metadata/v1.metadata.json'])(
    'finds %s again',
    (key) => {
      expect(location.uriOf(key)).toBe(`${uri}/${key.slice(2)}`);
      expect(location.keyOf(location.uriOf(key))).toBe(key);
    },
  );

  test.each(['other/data/a.parquet', 'ta/data/a.parquet', 't', ''])(
    'has no file under the key "%s"',
    (key) => {
      expect(() => location.uriOf(key)).toThrow(TableDamaged);
    },
  );

  test.each(['s3://other/t/a.parquet', `${uri}a/b.parquet`, uri, '/etc/passwd', ''])(
    'has no file "%s"',
    (other) => {
      expect(() => location.keyOf(other)).toThrow(TableDamaged);
    },
  );
});

test('a lake that was moved can still be read and written', async () => {
  const [from, to] = [new FolderStore(scratch()), new FolderStore(scratch())];
  const append = (store: FolderStore, run: string) =>
    new Table(store, 't').commit(changeBy((base) => increment(base, run)));
  await append(from, 'a');
  for await (const { key } of from.list('')) await to.write(key, (await from.read(key)) ?? '');
  const { snapshot } = await append(to, 'b');
  expect(await runsOf(snapshot)).toEqual(['a', 'b']);
  expect(snapshot?.metadata.location).toBe(`${from.uri}t`);
  expect((await new Table(to, 't').current())?.version).toBe(2);
  expect((await new Table(from, 't').current())?.version).toBe(1);
});
