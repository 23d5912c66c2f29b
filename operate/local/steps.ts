import { loadToGold } from '../../functions/load-to-gold.ts';
import { qualityScore } from '../../functions/quality-score.ts';
import { quarantine } from '../../functions/quarantine.ts';
import { transform } from '../../functions/transform.ts';
import { validate } from '../../functions/validate.ts';
import type { Step } from '../../shared/runtime/step.ts';

/** The same step with the memory of its retry tier (`DUCKSTEP_RETRY_MEMORY_MB`). */
const onLargerFunction =
  (step: Step): Step =>
  async (input, context) => {
    const { config } = context;
    return await step(input, {
      ...context,
      config: { ...config, memoryMb: config.retryMemoryMb ?? config.memoryMb },
    });
  };

/** The steps, by the names of the states that call them. On AWS each is a Lambda function. */
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
