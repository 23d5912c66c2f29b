import fc from 'fast-check';
import type { DataFile } from '../../../../../shared/lake/table/data-file.ts';
import {
  bytesOf,
  type CompactionPolicy,
  INLINE,
  planCompaction,
  THOROUGH,
} from '../../../../../shared/lake/table/upkeep/compaction.ts';
import { casesOf } from '../../../../helpers/stress.ts';

const KB = 1024;
const MB = 1024 * KB;

let names = 0;
const fileOf = (bytes: number, partition: DataFile['partition'] = { day: '2026-01-01' }): DataFile => {
  names += 1;
  return { key: `t/data/${names}.parquet`, specId: 0, partition, rows: 1, bytes, columns: {} };
};

const filesOf = (count: number, bytes: number, partition?: DataFile['partition']): DataFile[] =>
  Array.from({ length: count }, () => fileOf(bytes, partition));

const sizes = (plan: readonly DataFile[][]): number[] => plan.map((group) => group.length);

describe('what is merged', () => {
  test.each([
    ['nothing', [], []],
    ['too few files', filesOf(7, 10 * KB), []],
    ['just enough', filesOf(8, 10 * KB), [8]],
    ['enough files, but of different sizes', [...filesOf(7, 10 * KB), ...filesOf(7, 200 * KB)], []],
    [
      'two tiers, the one that saves more for its bytes first',
      [...filesOf(8, MB), ...filesOf(8, KB)],
      [8, 8],
    ],
    ['files that are large enough', filesOf(100, 8 * MB), []],
    ['more files than a group takes', filesOf(40, KB), [32, 8]],
    ['a rest that is not due', filesOf(39, KB), [32]],
    ['more bytes than a group takes', filesOf(80, 7 * MB), [9, 9]],
    ['more files than a commit takes', filesOf(200, KB), [32, 32, 32, 32]],
  ])('%s', (_, files, expected) => {
    expect(sizes(planCompaction(files, INLINE))).toEqual(expected);
  });

  test('files of one partition only', () => {
    const days = ['2026-01-01', '2026-01-02', null].map((day) => filesOf(8, KB, { day }));
    const plan = planCompaction(days.flat(), INLINE);
    expect(plan.map((group) => new Set(group.map(({ partition }) => partition.day)).size)).toEqual([1, 1, 1]);
    expect(
      planCompaction(
        days.flatMap((files) => files.slice(0, 7)),
        INLINE,
      ),
    ).toEqual([]);
  });
});

test('a plan names each file at most once, and keeps to the policy', () => {
  const file = fc
    .tuple(fc.integer({ min: 1, max: 200 * MB }), fc.constantFrom('a', 'b', null), fc.boolean())
    .map(([bytes, day, small]) => fileOf(small ? 1 + (bytes % (100 * KB)) : bytes, { day }));
  fc.assert(
    fc.property(
      fc.array(file, { maxLength: 300 }),
      fc.constantFrom<CompactionPolicy>(INLINE, THOROUGH),
      (files, policy) => {
        const plan = planCompaction(files, policy);
        const all = plan.flat();
        expect(new Set(all).size).toBe(all.length);
        expect(all.length).toBeLessThanOrEqual(policy.commit.files);
        expect(bytesOf(all)).toBeLessThanOrEqual(policy.commit.bytes);
        for (const group of plan) {
          expect(group.length).toBeGreaterThan(1);
          expect(group.length).toBeLessThanOrEqual(policy.group.files);
          expect(bytesOf(group)).toBeLessThanOrEqual(policy.group.bytes);
          expect(new Set(group.map(({ partition }) => partition.day)).size).toBe(1);
          expect(Math.max(...group.map(({ bytes }) => bytes))).toBeLessThan(policy.tiers.at(-1) ?? 0);
        }
      },
    ),
  );
});

/** Files arrive one by one, and at regular intervals the current plan is carried out. */
const simulate = (arriving: readonly number[], every: number, policy: CompactionPolicy) => {
  let live: DataFile[] = [];
  let [most, rewritten, largest] = [0, 0, 0];
  for (const [n, bytes] of arriving.entries()) {
    live.push(fileOf(bytes));
    if (n % every === 0) {
      const plan = planCompaction(live, policy);
      const gone = new Set(plan.flat());
      live = [...live.filter((file) => !gone.has(file)), ...plan.map((group) => fileOf(bytesOf(group)))];
      rewritten += bytesOf([...gone]);
      largest = Math.max(largest, bytesOf([...gone]));
    }
    most = Math.max(most, live.filter((file) => file.bytes < (policy.tiers.at(-1) ?? 0)).length);
  }
  return { live, most, rewritten, largest };
};

test('however many files arrive, few are small, and their bytes are written again a few times only', () => {
  const { tiers, minFiles, commit } = INLINE;
  const lowest = tiers[0] ?? 0;
  const size = fc.oneof(
    fc.integer({ min: 500, max: 20 * KB }),
    fc.integer({ min: 1, max: 2 * MB }),
    fc.integer({ min: 1, max: 40 * MB }),
  );
  const arrivals = fc.tuple(
    fc.oneof(
      fc.array(size, { maxLength: 600 }),
      // All of one size, as from one source.
      fc.tuple(size, fc.integer({ min: 1, max: 3_000 })).map(([bytes, n]) => Array<number>(n).fill(bytes)),
    ),
    fc.constantFrom(1, 8),
  );
  fc.assert(
    fc.property(arrivals, ([arriving, every]) => {
      const { live, most, rewritten, largest } = simulate(arriving, every, INLINE);
      const arrived = arriving.reduce((sum, bytes) => sum + bytes, 0);
      expect(bytesOf(live)).toBe(arrived);
      // A tier is merged at minFiles. Files that arrive before the next check, or exceed a commit's limit, come on top.
      expect(most).toBeLessThanOrEqual(tiers.length * minFiles + 2 * every);
      expect(largest).toBeLessThanOrEqual(commit.bytes);
      // Once per tier; in the lowest tier less than its size for each merge, and every merge saves seven files.
      const merges = arriving.length / (minFiles - 1);
      expect(rewritten).toBeLessThanOrEqual(tiers.length * arrived + lowest * merges);
    }),
    { numRuns: casesOf({ quick: 8, stress: 80 }) },
  );
});

test.each([3 * KB, 130_000, 932_068, 1_000_000, 3 * MB, 7 * MB])(
  'of files of %d bytes no tier is kept waiting by cheaper ones',
  (bytes) => {
    const most = (count: number): number => simulate(Array<number>(count).fill(bytes), 8, INLINE).most;
    expect(most(4_000)).toBeLessThanOrEqual(INLINE.tiers.length * INLINE.minFiles);
    expect(most(4_000)).toBeLessThanOrEqual(most(2_000) + 3);
  },
);

test('twice as many files cost twice as much, and not four times', () => {
  const cost = (count: number): number => simulate(Array<number>(count).fill(3 * KB), 1, INLINE).rewritten;
  const costs = [500, 1_000, 2_000, 4_000, 8_000].map((count) => cost(count) / count);
  expect(Math.max(...costs) / Math.min(...costs)).toBeLessThan(1.6);
});
