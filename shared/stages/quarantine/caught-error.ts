import { z } from 'zod';
import type { CaughtError } from '../../run/payload.ts';

const LambdaCause = z.object({ errorMessage: z.string() });

/** Reads an error's name and message. Lambda reports the message inside a JSON text; other services report plain text. */
export const readError = ({ Error: name, Cause }: CaughtError): { name: string; message: string } => {
  try {
    return { name, message: LambdaCause.parse(JSON.parse(Cause)).errorMessage };
  } catch {
    return { name, message: Cause };
  }
};
