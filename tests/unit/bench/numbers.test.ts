import { parseTimes } from '../../../bench/measured-process.ts';
import { descendants } from '../../../bench/process-tree.ts';
import { type Measurement, summarise, withRatios } from '../../../bench/results.ts';
import type { Round } from '../../../bench/round.ts';
import { median, spread } from '../../../bench/statistics.ts';

test('the median is the middle, or the mean of the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});

test('the spread is told in shares of the median', () => {
  expect(spread([8, 10, 12])).toBe(0.4);
  expect(spread([])).toBe(0);
});

test('CPU time is the second line of times: user and system time of the children', () => {
  expect(parseTimes('0m0.001s 0m0.002s\n1m2.500s 0m0.250s\n')).toBe(62_750);
  expect(parseTimes('')).toBe(0);
});

test('a tree is a process and all that descends from it', () => {
  const parents = new Map([
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 3],
    [6, 1],
  ]);
  expect(descendants(2, parents).toSorted()).toEqual([2, 3, 4, 5]);
  expect(descendants(6, parents)).toEqual([6]);
});

const round = (wallMs: number, peakMb: number, failure?: string): Round => ({
  wallMs,
  cpuMs: wallMs / 2,
  peakMb,
  ...(failure !== undefined && { failure }),
});

test('rounds become medians, memory its largest', () => {
  expect(summarise('polars', [round(100, 50), round(300, 70), round(200, 60)])).toMatchObject({
    contender: 'polars',
    rounds: 3,
    wallMs: 200,
    wallSpread: 1,
    cpuMs: 100,
    peakMb: 70,
  });
});

test('a failed round is told, and has no ratio', () => {
  const failed = summarise('pandas', [round(100, 50, 'ended with 1: no memory')]);
  expect(failed.failure).toBe('ended with 1: no memory');
  const [, pandas, duckstep] = withRatios([
    summarise('baseline', [round(200, 1)]),
    failed,
    summarise('duckstep', [round(250, 1)]),
  ]) as [Measurement, Measurement, Measurement];
  expect(pandas.ratio).toBeUndefined();
  expect(duckstep.ratio).toBe(1.25);
});

test('without a baseline there are no ratios', () => {
  expect(withRatios([summarise('duckstep', [round(250, 1)])])[0]?.ratio).toBeUndefined();
});
