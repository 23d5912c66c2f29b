import type { OdcsProperty } from './odcs.ts';

/** Classifications of values that anybody who operates the pipeline may see. The standard allows any text. */
const OPEN = ['public', 'internal'];

/**
 * Whether a column's values are kept out of texts for people: its `classification` is none of those that are open
 * (`confidential`, `restricted`, `4`, …), or the standard's `encryptedName` says that the values are delivered encrypted
 * elsewhere.
 */
export const isSensitive = ({
  classification,
  encryptedName,
}: Pick<OdcsProperty, 'classification' | 'encryptedName'>): boolean =>
  (encryptedName ?? undefined) !== undefined ||
  ((classification ?? undefined) !== undefined &&
    !OPEN.includes(String(classification).trim().toLowerCase()));
