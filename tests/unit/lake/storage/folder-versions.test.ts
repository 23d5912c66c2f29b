import { appendFile, mkdir, open, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  ConfigurationError,
  InvalidInput,
  ObjectMissing,
  StorageUnavailable,
} from '../../../../shared/errors.ts';
import { FolderStore } from '../../../../shared/lake/storage/folder-store.ts';
import { FolderVersions, sequencerOf } from '../../../../shared/lake/storage/folder-versions.ts';
import { runChild } from '../../../helpers/child.ts';
import { scratch } from '../../../helpers/scratch.ts';

/** SHA-256 of "one" and of "two" begin so. */
const ONE = '7692c3ad3540';
const TWO = '3fc4ccfe7458';

let root: string;
let raw: FolderStore;
beforeEach(async () => {
  root = scratch();
  raw = new FolderStore(root, { versioned: true, name: 'raw' });
  await mkdir(path.join(root, 'd'));
});

const file = (key: string): string => path.join(root, key);

const versionIds = async (key: string): Promise<(string | undefined)[]> =>
  (await raw.versions(key)).map(({ versionId }) => versionId);

const texts = async (key: string): Promise<(string | undefined)[]> =>
  Promise.all((await versionIds(key)).map(async (id) => (await raw.read(key, id))?.toString()));

describe('versions of a folder', () => {
  test('are numbered by time and named after the content', async () => {
    const before = Date.now();
    await raw.write('d/x', 'one');
    await raw.write('d/x', 'two');
    await raw.write('d/x', 'two');
    const versions = await raw.versions('d/x');
    expect(versions.map(({ etag }) => etag)).toEqual([ONE, TWO, TWO]);
    for (const { versionId = '', etag, lastModified } of versions) {
      expect(versionId).toBe(`${sequencerOf(versionId)}-${etag}`);
      expect(Number.parseInt(sequencerOf(versionId), 16) / 1000).toBe(Number(lastModified));
      expect(Number(lastModified)).toBeGreaterThanOrEqual(before);
    }
    const sequencers = versions.map(({ versionId = '' }) => sequencerOf(versionId));
    expect(new Set(sequencers).size).toBe(3);
    expect(sequencers.toSorted()).toEqual(sequencers);
    expect(await raw.head('d/x')).toEqual(versions.at(-1));
  });

  test('go on from the last number when the clock is behind it', async () => {
    await mkdir(file('.versions/d/x'), { recursive: true });
    await writeFile(file(`.versions/d/x/00ffffffffffff00-${ONE}`), 'one');
    await raw.write('d/x', 'two');
    expect(await versionIds('d/x')).toEqual([`00ffffffffffff00-${ONE}`, `00ffffffffffff01-${TWO}`]);
  });

  test('skip a number that a crash left half taken', async () => {
    await mkdir(file('.versions/d/x'), { recursive: true });
    await writeFile(file('.versions/d/x/00ffffffffffff00'), 'on');
    expect(await versionIds('d/x')).toEqual([]);
    await raw.write('d/x', 'two');
    expect(await versionIds('d/x')).toEqual([`00ffffffffffff01-${TWO}`]);
  });

  test('do not change when a person writes into the file', async () => {
    await raw.write('d/x', 'one');
    const [version] = await versionIds('d/x');
    await appendFile(file('d/x'), ' and more');
    expect((await raw.read('d/x', version))?.toString()).toBe('one');
    expect((await raw.read('d/x'))?.toString()).toBe('one and more');
    expect(await raw.head('d/x')).not.toHaveProperty('versionId');
  });

  test('belong to one key, also where one key lies below another', async () => {
    await raw.write('d/x', 'one');
    await raw.remove('d/x');
    await raw.write('d/x/y', 'two');
    expect(await texts('d/x')).toEqual(['one']);
    expect(await texts('d/x/y')).toEqual(['two']);
  });

  test('are not found by anything but a versionId', async () => {
    await raw.write('d/x', 'one');
    for (const versionId of ['', '..', '../x', 'null', '0'.repeat(16), `${'0'.repeat(16)}-${ONE}`]) {
      expect(await raw.head('d/x', versionId)).toBeUndefined();
      expect(await raw.read('d/x', versionId)).toBeUndefined();
      await expect(raw.localPath('d/x', root, versionId)).rejects.toThrow(ObjectMissing);
    }
    expect(() => sequencerOf('null')).toThrow(InvalidInput);
  });

  test('are not kept, nor adopted, by a folder without them', async () => {
    const plain = new FolderStore(root);
    await plain.write('d/x', 'one');
    expect(await plain.versions('d/x')).toEqual([]);
    await expect(plain.adopt('d/x')).rejects.toThrow(ConfigurationError);
  });

  test('stay in order when a writer is overtaken between its version and its file', async () => {
    const { add } = FolderVersions.prototype;
    jest.spyOn(FolderVersions.prototype, 'add').mockImplementationOnce(async function (
      this: FolderVersions,
      ...args
    ) {
      const versionId = await add.apply(this, args);
      await raw.write('d/x', 'two');
      return versionId;
    });
    await raw.write('d/x', 'one');
    expect(await texts('d/x')).toEqual(['one', 'two']);
    expect((await raw.read('d/x'))?.toString()).toBe('two');
    expect(await raw.head('d/x')).toEqual((await raw.versions('d/x')).at(-1));
  });

  test('have a number each, and the file shows the last, when 60 are written at once', async () => {
    const contents = Array.from({ length: 60 }, (_, index) => `${index}`.repeat(1 + index * 500));
    await Promise.all(contents.map((content) => raw.write('d/x', content)));
    const written = await texts('d/x');
    expect(written.toSorted()).toEqual(contents.toSorted());
    expect(new Set((await versionIds('d/x')).map((id = '') => sequencerOf(id))).size).toBe(60);
    expect((await raw.read('d/x'))?.toString()).toBe(written.at(-1));
  });

  test('are all there after four processes wrote at once, and the file shows the last', async () => {
    const labels = ['a', 'b', 'c', 'd'];
    await Promise.all(labels.map((label) => runChild('version-writer.ts', root, 'd/x', label, '20')));
    const written = await texts('d/x');
    const expected = labels.flatMap((label) => Array.from({ length: 20 }, (_, turn) => `${label} ${turn}`));
    expect(written.toSorted()).toEqual(expected.toSorted());
    const sequencers = (await versionIds('d/x')).map((id = '') => sequencerOf(id));
    expect(new Set(sequencers).size).toBe(80);
    expect((await raw.read('d/x'))?.toString()).toBe(written.at(-1));
    expect((await raw.head('d/x'))?.versionId).toBe((await versionIds('d/x')).at(-1));
    for (const label of labels) {
      const own = written.filter((text) => text?.startsWith(label));
      expect(own).toEqual(Array.from({ length: 20 }, (_, turn) => `${label} ${turn}`));
    }
  });
});

describe('adopting a file that a person put there', () => {
  test('makes it a version, once', async () => {
    await writeFile(file('d/x'), 'one');
    expect(await raw.head('d/x')).not.toHaveProperty('versionId');
    const adopted = await raw.adopt('d/x');
    expect(adopted).toMatchObject({ key: 'd/x', size: 3, etag: ONE });
    expect(await raw.adopt('d/x')).toEqual(adopted);
    expect(await raw.head('d/x')).toEqual(adopted);
    expect(await texts('d/x')).toEqual(['one']);
  });

  test('makes a changed or replaced file the next version', async () => {
    await writeFile(file('d/x'), 'one');
    await raw.adopt('d/x');
    await writeFile(file('d/x'), 'one');
    await raw.adopt('d/x');
    await writeFile(file('d/y'), 'two');
    await rename(file('d/y'), file('d/x'));
    await raw.adopt('d/x');
    expect(await texts('d/x')).toEqual(['one', 'one', 'two']);
  });

  test('knows what the store wrote itself', async () => {
    await raw.write('d/x', 'one');
    await raw.upload(file('d/x'), 'd/y');
    await raw.writeIfAbsent('d/z', 'two');
    for (const key of ['d/x', 'd/y', 'd/z']) {
      expect(await raw.adopt(key)).toEqual(await raw.head(key));
      expect(await versionIds(key)).toHaveLength(1);
    }
  });

  test('gives callers at one time the same version', async () => {
    await writeFile(file('d/x'), 'one');
    const adopted = await Promise.all(Array.from({ length: 20 }, () => raw.adopt('d/x')));
    expect(new Set(adopted.map(({ versionId }) => versionId)).size).toBe(1);
    expect(await texts('d/x')).toEqual(['one']);
  });

  test('says that there is no file', async () => {
    await expect(raw.adopt('d/nothing')).rejects.toThrow(ObjectMissing);
    await raw.write('d/x', 'one');
    await unlink(file('d/x'));
    await expect(raw.adopt('d/x')).rejects.toThrow(ObjectMissing);
    expect(await texts('d/x')).toEqual(['one']);
  });

  test('does not take a file that is still being written', async () => {
    await writeFile(file('d/x'), Buffer.alloc(16 * 1024 * 1024));
    let writing = true;
    const writer = (async () => {
      while (writing) await appendFile(file('d/x'), 'more');
    })();
    await expect(raw.adopt('d/x')).rejects.toThrow(StorageUnavailable);
    writing = false;
    await writer;
    expect(await versionIds('d/x')).toEqual([]);
    const { versionId } = await raw.adopt('d/x');
    expect((await raw.read('d/x', versionId))?.equals(await readFile(file('d/x')))).toBe(true);
  });

  describe('that was judged complete before', () => {
    const judge = async (key: string) => {
      const { size: bytes, mtimeMs: written } = await stat(file(key));
      return { bytes, written };
    };

    test('takes it while it is what was judged', async () => {
      await writeFile(file('d/x'), 'one');
      const judged = await judge('d/x');
      const adopted = await raw.adoptIf('d/x', judged);
      expect(adopted).toMatchObject({ key: 'd/x', size: 3, etag: ONE });
      expect(await raw.adoptIf('d/x', judged)).toEqual(adopted);
      expect(await texts('d/x')).toEqual(['one']);
    });

    test.each<[string, () => Promise<void>]>([
      ['overwritten in place by half of the next content', () => writeFile(file('d/x'), 'tw')],
      ['overwritten by content of the same size', () => writeFile(file('d/x'), 'two')],
      ['appended to', () => appendFile(file('d/x'), 'more')],
      [
        'replaced by another file',
        async () => {
          await writeFile(file('d/y'), 'two');
          await rename(file('d/y'), file('d/x'));
        },
      ],
    ])('leaves it when it was %s since', async (_, write) => {
      await writeFile(file('d/x'), 'one');
      await raw.adopt('d/x');
      const judged = await judge('d/x');
      await setTimeout(20); // File systems tell times apart by the tick of a clock.
      await write();
      expect(await raw.adoptIf('d/x', judged)).toBeUndefined();
      expect(await texts('d/x')).toEqual(['one']);
    });

    test('leaves it when it is overwritten while it is copied', async () => {
      await writeFile(file('d/x'), Buffer.alloc(16 * 1024 * 1024));
      const judged = await judge('d/x');
      const handle = await open(file('d/x'), 'r+');
      let writing = true;
      const writer = (async () => {
        while (writing) await handle.write('more', 8 * 1024 * 1024);
      })();
      expect(await raw.adoptIf('d/x', judged)).toBeUndefined();
      writing = false;
      await writer;
      await handle.close();
      expect(await versionIds('d/x')).toEqual([]);
    });

    test('says that it is gone', async () => {
      await writeFile(file('d/x'), 'one');
      const judged = await judge('d/x');
      await unlink(file('d/x'));
      await expect(raw.adoptIf('d/x', judged)).rejects.toThrow(ObjectMissing);
    });
  });
});
