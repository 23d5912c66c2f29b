import { InvalidInput, ObjectMissing } from '../../../../shared/errors.ts';
import {
  isLaidOut,
  readStagedSilver,
  writeStagedSilver,
} from '../../../../shared/stages/transform/staged-silver.ts';
import { MemoryStore } from '../../../helpers/memory-store.ts';
import { intentOf, keysFile, LAYOUT } from '../../../helpers/silver-plan.ts';

const KEY = '_staging/run/silver-files.json';
const { staged } = intentOf('a', 1, { files: [keysFile('a1', 1, 2)], stagedAt: '2024-01-01T00:00:00.000Z' });

const read = async (list: unknown) => {
  const store = new MemoryStore();
  await store.write(KEY, typeof list === 'string' ? list : JSON.stringify(list));
  return await readStagedSilver(store, KEY);
};

test('the list is read as it was written', async () => {
  const store = new MemoryStore();
  const deletes = { key: 'd', rows: 1, bytes: 2 };
  const whole = { ...staged, files: [{ ...keysFile('a1', 1, 2), deletes }] };
  expect(await writeStagedSilver(store, 'run', whole)).toBe(KEY);
  expect(await readStagedSilver(store, KEY)).toEqual(whole);
});

test('a list of an earlier build names neither the key nor the time', async () => {
  const { key: _, stagedAt: __, ...earlier } = staged;
  expect(await read(earlier)).toEqual(earlier);
});

test('keys of a later build are ignored', async () => {
  expect(await read({ ...staged, later: 1 })).toEqual(staged);
  expect(await read({ ...staged, files: [{ ...keysFile('a1', 1, 2), later: 1 }] })).toEqual(staged);
});

test('a list that is gone', async () => {
  await expect(readStagedSilver(new MemoryStore(), KEY)).rejects.toThrow(ObjectMissing);
});

const { files: _, ...withoutFiles } = staged;
test.each<[string, unknown]>([
  ['that is cut', JSON.stringify(staged).slice(0, -1)],
  ['that is null', null],
  ['without files', withoutFiles],
  ['with a file without a key', { ...staged, files: [{ ...keysFile('', 1, 2), key: undefined }] }],
  ['with metrics that are no object', { ...staged, files: [{ ...keysFile('a1', 1, 2), columns: [1] }] }],
  [
    'with a bound that is no text',
    { ...staged, files: [{ ...keysFile('a1', 1, 2), columns: { 1: { lower: 1 } } }] },
  ],
  [
    'with an unknown type',
    { ...staged, schema: { ...staged.schema, fields: [{ id: 1, name: 'a', type: 'x' }] } },
  ],
])('a list %s is refused by name, and says what to do', async (_, list) => {
  await expect(read(list)).rejects.toThrow(InvalidInput);
  await expect(read(list)).rejects.toThrow(`Staged ${KEY}`);
  await expect(read(list)).rejects.toThrow('Replay the file');
});

describe('files are laid out as the table wants them', () => {
  test.each<[string, Partial<typeof LAYOUT>, boolean]>([
    ['with the same layout', {}, true],
    ['with other identifier fields', { schema: { ...LAYOUT.schema, 'identifier-field-ids': [1] } }, true],
    ['with other fields', { schema: { ...LAYOUT.schema, fields: LAYOUT.schema.fields.slice(1) } }, false],
    ['with another partitioning', { spec: { 'spec-id': 1, fields: [] } }, false],
    ['with another key', { key: ['day'] }, false],
  ])('%s: %s', (_, other, expected) => {
    expect(isLaidOut({ ...LAYOUT, ...other }, LAYOUT)).toBe(expected);
  });

  test('not if an earlier build did not name the key', () => {
    const { key: _, ...earlier } = LAYOUT;
    expect(isLaidOut(earlier, LAYOUT)).toBe(false);
  });
});
