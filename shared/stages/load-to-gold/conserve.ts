import { ConservationBroken } from '../../errors.ts';
import type { StagedSilver } from '../transform/staged-silver.ts';

/** Rows of a file by state, as the states have counted them. */
export interface RowCounts {
  validated: { read: number; accepted: number; rejected: number };
  transformed: { filtered: number; duplicate: number; silver: number };
}

/**
 * Checks that every row that was read is accounted for.
 *
 * @throws ConservationBroken when a row is missing or counted twice
 */
export const conserveRows = (
  { validated, transformed }: RowCounts,
  { files }: Pick<StagedSilver, 'files'>,
): void => {
  const inFiles = files.reduce((total, { rows }) => total + rows, 0);
  const { filtered, duplicate, silver } = transformed;
  const sums = [
    ['read = accepted + rejected', validated.read, validated.accepted + validated.rejected],
    ['accepted = silver + duplicate + filtered', validated.accepted, silver + duplicate + filtered],
    ['silver = rows in its files', silver, inFiles],
  ] as const;
  const broken = sums.filter(([, left, right]) => left !== right);
  if (broken.length > 0)
    throw new ConservationBroken(
      `Rows do not add up: ${broken.map(([rule, left, right]) => `${rule}: ${left} ≠ ${right}`).join('; ')}. Nothing was committed.`,
    );
};
