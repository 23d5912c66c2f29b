import { count, counted } from '../base/text.ts';

/**
 * Says of a file that was refused whole, although its rows could be read, how many rows break the contract themselves, and
 * where the others are.
 *
 * @param rows as they were judged one by one: read = accepted + rejected
 */
export const refusedWhole = ({
  read,
  accepted,
  rejected,
}: {
  read: number;
  accepted: number;
  rejected: number;
}): string => {
  const file = `The whole file was refused: ${counted(read, 'row')}`;
  const later = 'when the file is replayed after a fix of the contract, or uploaded corrected';
  if (accepted === 0) return `${file}, all of them breaking the contract.`;
  if (rejected === 0)
    return `${file}, none of them breaking the contract alone. They are in the raw file, and load ${later}.`;
  return `${file} = ${count(rejected)} breaking the contract + ${count(accepted)} keeping it. The rest is in the raw file, and loads ${later}.`;
};
