import { counted } from '../../shared/base/text.ts';

/** One line for each gold table that followed. */
export const renderGold = (
  gold: readonly { model: string; version: number; partitions: number }[],
): string[] =>
  gold.map(({ model, version, partitions }) =>
    partitions === 0
      ? `gold.${model} was up to date (version ${version}).`
      : `gold.${model} followed: ${counted(partitions, 'partition')} (version ${version}).`,
  );
