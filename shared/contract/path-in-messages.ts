import path from 'node:path';

/**
 * A file of the datasets' folder as messages name it: `sql/signups/contract.yaml`. Messages end up in the lake,
 * where nobody cares in which folder of which machine they came about.
 */
export const pathInMessages = (sqlDir: string, ...parts: readonly string[]): string =>
  path.join(path.basename(path.resolve(sqlDir)), ...parts);
