import { loadToGold } from '../../functions/load-to-gold.ts';
import { qualityScore } from '../../functions/quality-score.ts';
import { quarantine } from '../../functions/quarantine.ts';
import { transform } from '../../functions/transform.ts';
import { validate } from '../../functions/validate.ts';
import type { Step } from '../../shared/steps/step.ts';

/** The steps that are deployed as Lambda functions, by the states that call them. */
export const STEPS: Readonly<Record<string, Step>> = {
  Validate: validate,
  QualityScore: qualityScore,
  Transform: transform,
  LoadToGold: loadToGold,
  Quarantine: quarantine,
};
