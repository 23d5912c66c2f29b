import { loadToGold } from '../../functions/load-to-gold.ts';
import { qualityScore } from '../../functions/quality-score.ts';
import { quarantine } from '../../functions/quarantine.ts';
import { transform } from '../../functions/transform.ts';
import { validate } from '../../functions/validate.ts';
import type { Step } from '../../shared/runtime/step.ts';

/** The same step with all the memory that the laptop has for one. */
const onLargerFunction =
  (step: Step): Step =>
  async (input, context) => {
    const { config } = context;
    return await step(input, {
      ...context,
      config: { ...config, memoryMb: config.retryMemoryMb ?? config.memoryMb },
    });
  };

/** The steps that are deployed as Lambda functions, by the states that call them. */
export const STEPS: Readonly<Record<string, Step>> = {
  Validate: validate,
  ValidateLarge: onLargerFunction(validate),
  QualityScore: qualityScore,
  QualityScoreLarge: onLargerFunction(qualityScore),
  Transform: transform,
  TransformLarge: onLargerFunction(transform),
  LoadToGold: loadToGold,
  LoadToGoldLarge: onLargerFunction(loadToGold),
  Quarantine: quarantine,
};
