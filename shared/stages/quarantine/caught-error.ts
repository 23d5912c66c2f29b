import type { CaughtError } from '../../run/payload.ts';

/** Lambda reports an error's message inside a JSON text; other services report plain text. */
export const readError = ({ Error: name, Cause }: CaughtError): { name: string; message: string } => {
  try {
    const { errorMessage } = JSON.parse(Cause) as { errorMessage?: unknown };
    return { name, message: typeof errorMessage === 'string' ? errorMessage : Cause };
  } catch {
    return { name, message: Cause };
  }
};
