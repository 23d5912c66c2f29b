import type { Dimension, Operator } from '../../../../shared/contract/model.ts';
import type { Measure } from '../../../../shared/stages/quality-score/report.ts';
import { holds, judge, share } from '../../../../shared/stages/quality-score/score.ts';

const measured = (rule: string, dimension: Dimension, of: Partial<Measure> = {}): Measure => ({
  rule,
  dimension,
  severity: 'error',
  threshold: '',
  measured: 0,
  passed: (of.share ?? 1) === 1,
  share: 1,
  ...of,
});

test.each<[Operator, number[], number[]]>([
  [{ op: 'mustBe', value: 5 }, [5], [4, 6]],
  [{ op: 'mustNotBe', value: 5 }, [4], [5]],
  [{ op: 'mustBeGreaterThan', value: 5 }, [5.1], [5, 4]],
  [{ op: 'mustBeGreaterOrEqualTo', value: 5 }, [5, 6], [4.9]],
  [{ op: 'mustBeLessThan', value: 5 }, [4.9], [5]],
  [{ op: 'mustBeLessOrEqualTo', value: 5 }, [5], [5.1]],
  [{ op: 'mustBeBetween', value: [1, 3] }, [1, 2, 3], [0.9, 3.1]],
  [{ op: 'mustNotBeBetween', value: [1, 3] }, [0.9, 3.1], [1, 2, 3]],
])('%j', (operator, kept, broken) => {
  expect(kept.map((value) => holds(operator, value))).toEqual(kept.map(() => true));
  expect(broken.map((value) => holds(operator, value))).toEqual(broken.map(() => false));
});

test('the share of a rule is the rows that keep it, of all rows read', () => {
  expect([share(0, 10), share(1, 4), share(10, 10), share(0, 0), share(20, 10)]).toEqual([1, 0.75, 0, 1, 0]);
});

test('a dimension is as good as its worst measure, the file as its dimensions on average', () => {
  const { score, scores, verdict, broken } = judge(
    [
      measured('a', 'conformity', { share: 0.9 }),
      measured('b', 'conformity', { share: 0.5 }),
      measured('c', 'completeness', { share: 0.8 }),
      measured('d', 'uniqueness'),
    ],
    {},
    0.7,
  );
  expect(scores).toEqual({ conformity: 0.5, completeness: 0.8, uniqueness: 1 });
  // (0.5 + 0.8 + 1) / 3
  expect(score).toBe(0.766666);
  expect(verdict).toBe('pass');
  expect(broken).toEqual(['a', 'b', 'c']);
});

test('dimensions have the weight that the contract gives them, by default 1', () => {
  const measures = [measured('a', 'conformity', { share: 0.5 }), measured('b', 'uniqueness')];
  // (3 · 0.5 + 1 · 1) / 4
  expect(judge(measures, { conformity: 3 }, 0.7).score).toBe(0.625);
  // (0.5 · 0.5 + 1 · 1) / 1.5
  expect(judge(measures, { conformity: 0.5 }, 0.7).score).toBe(0.833333);
  expect(judge(measures, { conformity: 0 }, 0.7)).toMatchObject({ score: 1, scores: { conformity: 0.5 } });
  expect(judge(measures, { timeliness: 100 }, 0.7).score).toBe(0.75);
});

test('a dimension with weight 0 does not lower the score', () => {
  expect(judge([measured('a', 'conformity', { share: 0 })], { conformity: 0 }, 1)).toMatchObject({
    score: 1,
    verdict: 'pass',
  });
});

test('a score at the threshold passes, the next lower one does not', () => {
  const measures = [measured('a', 'conformity', { share: 0.95 })];
  expect(judge(measures, {}, 0.95).verdict).toBe('pass');
  expect(judge(measures, {}, 0.950001).verdict).toBe('fail');
});

test('scores are rounded down, so that 1 means perfect', () => {
  const nearly = judge([measured('a', 'conformity', { share: share(1, 100_000_000) })], {}, 1);
  expect(nearly).toMatchObject({ score: 0.999999, scores: { conformity: 0.999999 }, verdict: 'fail' });
  // Sums of binary fractions come out a hair below what they are.
  expect(judge([measured('a', 'conformity', { share: 1 - 0.1 })], { conformity: 0.7 }, 0.9)).toMatchObject({
    score: 0.9,
    verdict: 'pass',
  });
});

test('a broken critical rule fails the file, whatever its score and weight', () => {
  const verdict = judge(
    [
      measured('swapped', 'consistency', { severity: 'critical', share: 0 }),
      measured('kept', 'accuracy', { severity: 'critical' }),
      measured('fine', 'conformity'),
    ],
    { consistency: 0 },
    0,
  );
  expect(verdict).toMatchObject({
    verdict: 'fail',
    score: 1,
    reason: 'Critical rule broken: swapped.',
    broken: ['swapped'],
  });
});

test('the reason compares the score with the threshold, and names the weakest dimension', () => {
  const measures = [
    measured('a', 'conformity', { share: 0.5 }),
    measured('b', 'uniqueness', { share: 0.75 }),
  ];
  expect(judge(measures, {}, 0.7).reason).toBe(
    'Score 0.625 is below the threshold 0.7; weakest is conformity with 0.5.',
  );
  expect(judge([measured('a', 'conformity')], {}, 1).reason).toBe('Score 1 is at or above the threshold 1.');
});
