import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInput, ObjectMissing } from '../../../../shared/errors.ts';
import { FolderStore } from '../../../../shared/lake/storage/folder-store.ts';
import { runChild, startChild } from '../../../helpers/child.ts';
import { objectStoreSuite } from '../../../helpers/object-store-suite.ts';
import { scratch } from '../../../helpers/scratch.ts';
import { longTest } from '../../../helpers/stress.ts';

objectStoreSuite(async (options) => new FolderStore(scratch(), options));

const keysIn = async (store: FolderStore): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
};

describe('a folder as a bucket', () => {
  let root: string;
  let store: FolderStore;
  beforeEach(() => {
    root = path.join(scratch(), 'raw');
    store = new FolderStore(root);
  });

  test('has the folder’s name, or the given one', () => {
    expect(store.name).toBe('raw');
    expect(new FolderStore(root, { name: 'lake' }).name).toBe('lake');
    expect(store.observed(() => undefined).name).toBe('raw');
  });

  test('a folder that does not exist yet is an empty bucket', async () => {
    expect(await keysIn(store)).toEqual([]);
    expect(await store.head('x')).toBeUndefined();
  });

  test('a local path is the file itself', async () => {
    await store.write('a/x.csv', '1');
    expect(await store.localPath('a/x.csv', scratch())).toBe(path.join(root, 'a/x.csv'));
  });

  test.each([
    '',
    '/etc/passwd',
    '..',
    '../x',
    'a/../../x',
    'a/./x',
    'a//x',
    'a/',
    '..\\x',
    'a\\..\\x',
    'a\0b',
    '.tmp/x',
    '.versions/x',
    'a/.hidden/x',
    `a/${'n'.repeat(256)}`,
    `a/${'é'.repeat(128)}`,
  ])('refuses the key %j in every method', async (key) => {
    await expect(store.head(key)).rejects.toThrow(InvalidInput);
    await expect(store.read(key)).rejects.toThrow(InvalidInput);
    await expect(store.write(key, '')).rejects.toThrow(InvalidInput);
    await expect(store.writeIfAbsent(key, '')).rejects.toThrow(InvalidInput);
    await expect(store.upload(__filename, key)).rejects.toThrow(InvalidInput);
    await expect(store.localPath(key, root)).rejects.toThrow(InvalidInput);
    await expect(store.remove(key)).rejects.toThrow(InvalidInput);
    const versioned = new FolderStore(root, { versioned: true });
    await expect(versioned.adopt(key)).rejects.toThrow(InvalidInput);
    expect(await readdir(path.dirname(root))).not.toContain('x');
  });

  test('says so when two keys cannot both be files', async () => {
    await store.write('a', '1');
    await store.write('b/c', '1');
    await expect(store.write('a/b', '2')).rejects.toThrow(InvalidInput);
    await expect(store.write('b', '2')).rejects.toThrow(InvalidInput);
    expect(await keysIn(store)).toEqual(['a', 'b/c']);
  });

  test('lists what a person put there: files and links to files, but no hidden ones', async () => {
    await mkdir(path.join(root, 'd/.cache'), { recursive: true });
    await mkdir(path.join(root, 'd/empty'));
    for (const name of ['d/x.csv', 'd/.x.csv.swp', 'd/.cache/y.csv', '.DS_Store']) {
      await writeFile(path.join(root, name), name);
    }
    await symlink(path.join(root, 'd/x.csv'), path.join(root, 'd/link.csv'));
    await symlink(path.join(root, 'nowhere'), path.join(root, 'd/broken.csv'));
    expect(await keysIn(store)).toEqual(['d/link.csv', 'd/x.csv']);
  });

  test('leaves nothing but the objects', async () => {
    await store.write('a', '1');
    await store.writeIfAbsent('a', '2');
    await store.upload(path.join(root, 'a'), 'b');
    await expect(store.upload(path.join(root, 'missing'), 'c')).rejects.toThrow('ENOENT');
    expect((await readdir(root)).sort()).toEqual(['.tmp', 'a', 'b']);
    expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
  });

  test('of 20 racing processes one creates the object', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => runChild('create-racer.ts', root, 'v1.json', `by ${index}`)),
    );
    expect(answers.filter((answer) => answer === 'true')).toHaveLength(1);
    expect((await store.read('v1.json'))?.toString()).toBe(`by ${answers.indexOf('true')}`);
  });

  longTest('readers, and a writer that is killed, never leave or see a part of an object', async () => {
    const readWhole = async () => {
      const text = (await store.read('x'))?.toString() ?? '';
      expect(text).toHaveLength(3_000_000);
      expect(new Set(text).size).toBe(1);
    };
    for (let round = 0; round < 4; round += 1) {
      const writer = startChild('endless-writer.ts', root, 'x');
      if (writer.stdout) await once(writer.stdout, 'data');
      for (let read = 0; read < 10 + round; read += 1) await readWhole();
      writer.kill('SIGKILL');
      await once(writer, 'close');
      await readWhole();
      expect(await keysIn(store)).toEqual(['x']);
    }
  });

  test('a file that is half written when its writer dies is no object', async () => {
    await mkdir(path.join(root, '.tmp'), { recursive: true });
    await writeFile(path.join(root, '.tmp/left-behind'), 'half');
    expect(await keysIn(store)).toEqual([]);
    expect(await store.writeIfAbsent('x', 'whole')).toBe(true);
  });

  test('a file that is moved here keeps the path to be read', async () => {
    await store.write('in/x.csv', 'text');
    await mkdir(path.join(root, 'out'));
    await rename(path.join(root, 'in/x.csv'), path.join(root, 'out/x.csv'));
    expect(await store.head('in/x.csv')).toBeUndefined();
    await utimes(path.join(root, 'out/x.csv'), 1, 1);
    expect((await store.head('out/x.csv'))?.lastModified).toEqual(new Date(1000));
    expect(await readFile(await store.localPath('out/x.csv', root), 'utf8')).toBe('text');
    await expect(store.localPath('in/x.csv', root)).rejects.toThrow(ObjectMissing);
  });
});
