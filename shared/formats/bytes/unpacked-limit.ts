import { DecompressionLimit } from '../../errors.ts';

/** The error for a file that unpacks to more than is allowed. */
export const unpackedLimit = (maxBytes: number): DecompressionLimit =>
  new DecompressionLimit(
    `The file unpacks to more than ${maxBytes} bytes: split it, or raise DUCKSTEP_MAX_UNPACKED_MB.`,
  );
