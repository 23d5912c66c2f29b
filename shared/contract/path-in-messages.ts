import path from 'node:path';

/**
 * The path by which messages name a file in the datasets' folder: `sql/signups/contract.yaml`. It omits the folder's
 * own location, because messages are stored in the lake and must be the same on every machine.
 */
export const pathInMessages = (sqlDir: string, ...parts: readonly string[]): string =>
  path.join(path.basename(path.resolve(sqlDir)), ...parts);
