import { GZIP } from './gzip.ts';
import { ZSTD } from './zstd.ts';

/** All compressions that are read. */
export const COMPRESSIONS = [GZIP, ZSTD] as const;

export type CompressionName = 'none' | (typeof COMPRESSIONS)[number]['name'];
