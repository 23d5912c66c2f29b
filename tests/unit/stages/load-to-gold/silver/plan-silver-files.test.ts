import type { Contract } from '../../../../../shared/contract/model.ts';
import type { DataFile } from '../../../../../shared/lake/table/data-file.ts';
import type { Intent } from '../../../../../shared/stages/load-to-gold/silver/intent.ts';
import {
  partitionsToSearch,
  planSilverFiles,
  replacedSources,
  type SilverInput,
} from '../../../../../shared/stages/load-to-gold/silver/plan-silver-files.ts';
import { runOf } from '../../../../helpers/silver-lake.ts';
import { bySource, committedOf, intentOf, keysFile, SILVER } from '../../../../helpers/silver-plan.ts';

type Keys = Pick<Contract, 'primaryKey' | 'partitionedBy'>;

const DAY = [{ name: 'day', column: 'day', transform: 'identity' as const }];
const NO_KEY: Keys = { primaryKey: [], partitionedBy: DAY };
const KEY_ANYWHERE: Keys = { primaryKey: ['id'], partitionedBy: DAY };
const KEY_IN_PARTITION: Keys = { primaryKey: ['id', 'day'], partitionedBy: DAY };

const inputOf = (
  contract: Keys,
  load: Intent[],
  committed: Intent[] = [],
  confirm: Intent[] = [],
): SilverInput => ({
  ...{ contract, load, confirm, remove: new Map() },
  committed: bySource(...committed),
});

const [MON, TUE, WED] = ['mon', 'tue', 'wed'].map((day) => ({ day }));
const loads = (file: string, turn: number, ...files: DataFile[]): Intent => intentOf(file, turn, { files });

describe('where the table is searched', () => {
  const first = loads('a', 1, keysFile('a1', 1, 1, 'mon'));
  const next = loads('a', 2, keysFile('a2', 1, 1, 'tue'), keysFile('a3', 2, 2, 'wed'));

  test.each<[string, Keys, Intent[], Intent[], unknown]>([
    ['without a key, for a source that is new: nowhere', NO_KEY, [next], [], []],
    ['without a key, for a source that is committed: in its partitions', NO_KEY, [next], [first], [MON]],
    ['with a key that may lie in any partition: everywhere', KEY_ANYWHERE, [next], [], 'all'],
    ['with a key that fixes the partition: where rows come', KEY_IN_PARTITION, [next], [], [TUE, WED]],
    ['and where rows go', KEY_IN_PARTITION, [next], [first], [TUE, WED, MON]],
    ['each partition once', KEY_IN_PARTITION, [first], [first], [MON]],
    ['where nothing is loaded: nowhere', KEY_IN_PARTITION, [], [first], []],
    ['nor where the key may lie in any partition', KEY_ANYWHERE, [], [first], []],
  ])('%s', (_, contract, load, committed, expected) => {
    expect(partitionsToSearch(inputOf(contract, load, committed))).toEqual(expected);
  });

  test.each([NO_KEY, KEY_IN_PARTITION])(
    'a committed source that names no partitions: everywhere',
    (contract) => {
      const { partitions: _, ...many } = committedOf(first);
      const committed = new Map([[first.run.source_id, many]]);
      expect(partitionsToSearch({ contract, load: [next], confirm: [], remove: new Map(), committed })).toBe(
        'all',
      );
    },
  );
});

test.each<[string, Keys, unknown]>([
  ['without a key: nowhere', NO_KEY, []],
  ['with a key that may lie in any partition: everywhere', KEY_ANYWHERE, 'all'],
  ['with a key that fixes the partition: in its own', KEY_IN_PARTITION, [MON]],
])('a source that is only confirmed is searched %s', (_, contract, expected) => {
  const before = loads('a', 1, keysFile('a1', 1, 1, 'mon'));
  expect(partitionsToSearch(inputOf(contract, [], [before], [loads('a', 2)]))).toEqual(expected);
});

test('the sources that are replaced are those that are loaded and committed', () => {
  const input = inputOf(NO_KEY, [loads('a', 2), loads('b', 1)], [loads('a', 1), loads('c', 1)]);
  expect(replacedSources(input)).toEqual([loads('a', 1).run.source_id]);
});

describe('the plan of the files', () => {
  const keys = (files: readonly DataFile[]): string[] => files.map(({ key }) => key);
  const [low, high, other] = [
    keysFile('low', 1, 5),
    keysFile('high', 10, 15),
    keysFile('other', 1, 5, 'tue'),
  ];

  interface Case {
    contract?: Keys;
    load: Intent[];
    committed?: Intent[];
    confirm?: Intent[];
    whole?: DataFile[];
    mixed?: DataFile[];
    /** Others of the table. */
    others?: DataFile[];
    /** Of these, files with rows of confirmed sources. */
    confirmed?: DataFile[];
    expected: {
      kept?: string[];
      rivals?: string[];
      compareKeys?: boolean;
      touched?: unknown[];
      title: string;
      operation: string;
    };
  }
  const source = runOf('a', 1).source_id;
  const mine: DataFile = {
    ...keysFile('mine', 1, 5),
    columns: { 1: { lower: '1', upper: '5' }, 3: { lower: source, upper: source } },
  };
  const mineToo = { ...mine, key: 'mine too' };
  const confirm = { title: 'confirm source', operation: 'replace' };
  const append = { title: 'append', operation: 'append' };
  const replace = { title: 'replace source', operation: 'overwrite' };

  test.each<[string, Case]>([
    [
      'the first commit: files are added',
      { load: [loads('a', 1, keysFile('a1', 1, 2))], expected: { ...append, touched: [MON] } },
    ],
    [
      'a file whose keys are others than those that come is no rival',
      {
        load: [loads('a', 1, keysFile('a1', 1, 2))],
        others: [high],
        expected: { ...append, kept: ['high'], touched: [MON] },
      },
    ],
    [
      'a file that may hold keys that come is a rival',
      {
        load: [loads('a', 1, keysFile('a1', 1, 2))],
        others: [low, high, other],
        expected: {
          ...append,
          kept: ['low', 'high', 'other'],
          rivals: ['low', 'other'],
          compareKeys: true,
          touched: [MON],
        },
      },
    ],
    [
      'not one of another partition, where the key fixes the partition',
      {
        contract: KEY_IN_PARTITION,
        load: [loads('a', 1, keysFile('a1', 1, 2))],
        others: [low, other],
        expected: { ...append, kept: ['low', 'other'], rivals: ['low'], compareKeys: true, touched: [MON] },
      },
    ],
    [
      'without a key there are no rivals',
      {
        contract: NO_KEY,
        load: [loads('a', 1, keysFile('a1', 1, 2))],
        others: [low],
        expected: { ...append, kept: ['low'], touched: [MON] },
      },
    ],
    [
      'staged files of two sources that may hold the same keys are compared',
      {
        load: [loads('a', 1, keysFile('a1', 1, 5)), loads('b', 1, keysFile('b1', 5, 9, 'tue'))],
        expected: { ...append, compareKeys: true, touched: [MON, TUE] },
      },
    ],
    [
      'staged files of one source are not: each key is there once',
      {
        load: [loads('a', 1, keysFile('a1', 1, 5), keysFile('a2', 1, 5))],
        expected: { ...append, touched: [MON] },
      },
    ],
    [
      'a source is replaced: its whole files go, and their keys may come back in rivals',
      {
        load: [loads('a', 2, keysFile('a2', 20, 25))],
        committed: [loads('a', 1)],
        whole: [low],
        others: [keysFile('hidden', 5, 6, 'tue'), high],
        expected: {
          ...replace,
          kept: ['hidden', 'high'],
          rivals: ['hidden'],
          compareKeys: true,
          touched: [MON],
        },
      },
    ],
    [
      'a mixed file is rewritten, and its other rows are compared with those that go',
      {
        load: [loads('a', 2, keysFile('a2', 20, 25, 'wed'))],
        committed: [loads('a', 1)],
        mixed: [other],
        others: [high],
        expected: { ...replace, kept: ['high'], compareKeys: true, touched: [TUE, WED] },
      },
    ],
    [
      'without a key a mixed file is only rewritten',
      {
        contract: NO_KEY,
        load: [loads('a', 2, keysFile('a2', 1, 1))],
        committed: [loads('a', 1)],
        mixed: [low],
        expected: { ...replace, touched: [MON] },
      },
    ],
    [
      'a source is replaced by nothing',
      {
        load: [loads('a', 2)],
        committed: [loads('a', 1)],
        whole: [low],
        expected: { title: 'replace source', operation: 'delete', touched: [MON] },
      },
    ],
    [
      'a source is only confirmed: no row changes',
      {
        load: [],
        confirm: [loads('a', 2)],
        committed: [loads('a', 1)],
        expected: confirm,
      },
    ],
    [
      'the files of a confirmed source are compared with those that may hold its keys',
      {
        load: [],
        confirm: [loads('a', 2)],
        committed: [loads('a', 1)],
        others: [mine, low, high],
        confirmed: [mine],
        expected: { ...confirm, kept: ['mine', 'low', 'high'], rivals: ['mine', 'low'], compareKeys: true },
      },
    ],
    [
      'not with each other: each key is there once',
      {
        load: [],
        confirm: [loads('a', 2)],
        committed: [loads('a', 1)],
        others: [mine, mineToo, high],
        confirmed: [mine, mineToo],
        expected: { ...confirm, kept: ['mine', 'mine too', 'high'], rivals: ['mine', 'mine too'] },
      },
    ],
    [
      'a confirmed source whose rows lie in a file with those of others is compared with them',
      {
        load: [],
        confirm: [loads('a', 2)],
        committed: [loads('a', 1)],
        others: [low],
        confirmed: [low],
        expected: { ...confirm, kept: ['low'], rivals: ['low'], compareKeys: true },
      },
    ],
    [
      'a confirmed source is compared with files that come',
      {
        load: [loads('b', 3, keysFile('b1', 3, 3))],
        confirm: [loads('a', 2)],
        committed: [loads('a', 1)],
        others: [mine],
        confirmed: [mine],
        expected: { ...append, kept: ['mine'], rivals: ['mine'], compareKeys: true, touched: [MON] },
      },
    ],
    [
      'without a key a confirmed source is compared with nothing',
      {
        contract: NO_KEY,
        load: [],
        confirm: [loads('a', 2)],
        committed: [loads('a', 1)],
        others: [low],
        expected: { ...confirm, kept: ['low'] },
      },
    ],
  ])('%s', (_, { contract = KEY_ANYWHERE, load, committed, confirm, expected, ...found }) => {
    const { whole = [], mixed = [], others = [], confirmed = [] } = found;
    const plan = planSilverFiles(inputOf(contract, load, committed, confirm), SILVER, {
      ...{ whole, mixed, confirmed },
      files: [...whole, ...mixed, ...others],
    });
    const { title, operation, touched, compareKeys } = plan;
    expect({
      title,
      operation,
      touched,
      compareKeys,
      kept: keys(plan.kept),
      rivals: keys(plan.rivals),
    }).toEqual({
      ...{ kept: [], rivals: [], compareKeys: false, touched: [] },
      ...expected,
    });
    expect(plan).toMatchObject({ whole, mixed });
    expect([...plan.added.values()]).toEqual(load.map(({ staged }) => staged.files));
  });
});

describe('the next entries of committed sources', () => {
  const entriesOf = (input: SilverInput) =>
    planSilverFiles(input, SILVER, { whole: [], mixed: [], files: [], confirmed: [] }).entries;

  test('a loaded source names its run, its rows and their partitions', () => {
    const load = loads('a', 2, keysFile('a1', 1, 1), keysFile('a2', 2, 2), keysFile('a3', 3, 3, 'tue'));
    expect([...entriesOf(inputOf(NO_KEY, [load], [loads('a', 1)]))]).toEqual([
      [load.run.source_id, { ...committedOf(load), partitions: [MON, TUE] }],
    ]);
  });

  test('a source in more than 64 partitions names none', () => {
    const files = (count: number): DataFile[] =>
      Array.from({ length: count }, (_, i) => keysFile(`a${i}`, i, i, `day ${i}`));
    const partitions = (count: number) =>
      [...entriesOf(inputOf(NO_KEY, [loads('a', 1, ...files(count))])).values()].map(
        (entry) => entry.partitions?.length,
      );
    expect([partitions(64), partitions(65)]).toEqual([[64], [undefined]]);
  });

  test('a confirmed source gets the sequencer and the age of the newer version', () => {
    const [before, newer] = [loads('a', 1, keysFile('a1', 1, 1)), loads('a', 2)];
    expect([...entriesOf(inputOf(NO_KEY, [], [before], [newer])).values()]).toEqual([
      {
        ...committedOf(before),
        sequencer: newer.run.sequencer,
        uploadedAt: newer.run.uploaded_at,
        version: newer.run.version_id,
      },
    ]);
  });

  test('the same rows under another contract get the run of that one, and the age of the version', () => {
    const under = (turn: number, contract_fingerprint: string): Intent => {
      const intent = intentOf('a', turn, { content: 'x' });
      const run_id = `${intent.run.run_id} under ${contract_fingerprint}`;
      return { ...intent, run: { ...intent.run, run_id, contract_fingerprint } };
    };
    const [first, confirmed, again] = [under(1, 'A'), under(2, 'A'), under(2, 'B')];
    const [entry] = entriesOf(inputOf(NO_KEY, [], [first], [confirmed])).values();
    expect(entry).toMatchObject({ runId: first.run.run_id, contractFingerprint: 'A' });
    if (entry === undefined) return;
    const committed = new Map([[again.run.source_id, entry]]);
    const input = { contract: NO_KEY, load: [again], confirm: [], remove: new Map(), committed };
    expect([...entriesOf(input).values()]).toMatchObject([
      {
        ...{ runId: again.run.run_id, sequencer: again.run.sequencer, uploadedAt: again.run.uploaded_at },
        ...{ content: 'x', contractFingerprint: 'B', partitions: [] },
      },
    ]);
  });
});

describe('the plan of a removal', () => {
  const source = runOf('a', 1).source_id;
  const entry = committedOf(loads('a', 1));
  const planOf = (found: { whole?: DataFile[]; mixed?: DataFile[]; others?: DataFile[] }) => {
    const { whole = [], mixed = [], others = [] } = found;
    const committed = bySource(loads('a', 1));
    const remove = new Map([[source, { ...entry, content: '', partitions: [] }]]);
    const input = { contract: KEY_IN_PARTITION, load: [], confirm: [], remove, committed };
    return planSilverFiles(input, SILVER, {
      ...{ whole, mixed, confirmed: [] },
      files: [...whole, ...mixed, ...others],
    });
  };
  const file = keysFile('a1', 1, 5);

  test.each([
    ['its files are removed', { whole: [file] }, { operation: 'delete', touched: [MON], compareKeys: false }],
    [
      'files that may hold its keys are compared',
      { whole: [file], others: [keysFile('b1', 5, 5)] },
      { operation: 'delete', touched: [MON], compareKeys: true },
    ],
    [
      'files with rows of others are rewritten',
      { mixed: [file] },
      { operation: 'overwrite', touched: [MON], compareKeys: true },
    ],
    ['a source without rows leaves a tombstone only', {}, { operation: 'replace', touched: [] }],
  ])('%s', (_, found, expected) => {
    expect(planOf(found)).toMatchObject({ ...expected, title: 'remove source', replaced: [source] });
    expect([...planOf(found).entries]).toEqual([[source, { ...entry, content: '', partitions: [] }]]);
  });

  test('it is searched where the source has rows', () => {
    const remove = new Map([[source, entry]]);
    const committed = bySource(loads('a', 1, keysFile('a1', 1, 1, 'tue')));
    for (const contract of [NO_KEY, KEY_IN_PARTITION])
      expect(partitionsToSearch({ contract, load: [], confirm: [], remove, committed })).toEqual([TUE]);
  });

  test('a later version keeps the removal in its entry', () => {
    const removal = { id: 'r', at: '2024-01-01T00:00:00.000Z', sequencer: '1', rows: 3 };
    const committed = new Map([[source, { ...entry, removal, removedAt: removal.at }]]);
    const { entries } = planSilverFiles(
      { contract: NO_KEY, load: [loads('a', 2)], confirm: [], remove: new Map(), committed },
      SILVER,
      { whole: [], mixed: [], files: [], confirmed: [] },
    );
    expect(entries.get(source)).toEqual({ ...committedOf(loads('a', 2)), partitions: [], removal });
  });
});
