import { DIMENSIONS, type Dimension, type Operator } from '../../contract/model.ts';
import type { Measure } from './report.ts';

export interface Verdict {
  verdict: 'pass' | 'fail';
  /** In [0, 1]. */
  score: number;
  scores: Partial<Record<Dimension, number>>;
  /** Ids of rules that did not pass. */
  broken: string[];
  /** One sentence for people. */
  reason: string;
}

/** A rule's share by the rows that fail it. */
export const share = (failing: number, rows: number): number => Math.max(0, 1 - failing / Math.max(1, rows));

/** Applies a rule's ODCS operator; both ends of a range are included. */
export const holds = (operator: Operator, measured: number): boolean => {
  switch (operator.op) {
    case 'mustBe':
      return measured === Number(operator.value);
    case 'mustNotBe':
      return measured !== Number(operator.value);
    case 'mustBeGreaterThan':
      return measured > operator.value;
    case 'mustBeGreaterOrEqualTo':
      return measured >= operator.value;
    case 'mustBeLessThan':
      return measured < operator.value;
    case 'mustBeLessOrEqualTo':
      return measured <= operator.value;
    case 'mustBeBetween':
      return measured >= operator.value[0] && measured <= operator.value[1];
    case 'mustNotBeBetween':
      return measured < operator.value[0] || measured > operator.value[1];
  }
};

/**
 * Judges a file by its measures.
 *
 * - Rule: `share = 1 - rows failing / rows read`, the ratio measure `X = A / B` of ISO/IEC 25024:2015; for a rule
 *   about the whole file 1 if it passed, else 0.
 * - Dimension: the lowest share of its measures. A mean would let ten good columns hide one that is wrong
 *   throughout.
 * - File: the mean over the dimensions that have a measure, weighted by `dimensionWeights` (1 where not named).
 * - Verdict: pass when the score is at or above the threshold and no rule of severity `critical` is broken.
 *
 * Scores are rounded down to six digits, so that 1 means perfect.
 */
export const judge = (
  measures: readonly Measure[],
  weights: Partial<Record<Dimension, number>>,
  threshold: number,
): Verdict => {
  const scores: Partial<Record<Dimension, number>> = {};
  for (const dimension of DIMENSIONS) {
    const shares = measures.filter((measure) => measure.dimension === dimension).map(({ share }) => share);
    if (shares.length > 0) scores[dimension] = floor6(Math.min(...shares));
  }
  let total = 0;
  let weightSum = 0;
  for (const dimension of DIMENSIONS) {
    const score = scores[dimension];
    if (score === undefined) continue;
    const weight = weights[dimension] ?? 1;
    total += weight * score;
    weightSum += weight;
  }
  const score = weightSum === 0 ? 1 : floor6(total / weightSum);
  const broken = measures.filter(({ passed }) => !passed);
  const critical = broken.filter(({ severity }) => severity === 'critical');
  const verdict = score >= threshold && critical.length === 0 ? 'pass' : 'fail';
  const explain = (): string => {
    if (critical.length > 0) return `Critical rule broken: ${critical.map(({ rule }) => rule).join(', ')}.`;
    const worst = Object.entries(scores).sort(([, a], [, b]) => a - b)[0];
    const comparison = score >= threshold ? 'at or above' : 'below';
    const weakest = worst === undefined || worst[1] === 1 ? '' : `; weakest is ${worst[0]} with ${worst[1]}`;
    return `Score ${score} is ${comparison} the threshold ${threshold}${weakest}.`;
  };
  return { verdict, score, scores, broken: broken.map(({ rule }) => rule), reason: explain() };
};

const floor6 = (value: number): number => Math.floor(value * 1e6 + 1e-6) / 1e6;
