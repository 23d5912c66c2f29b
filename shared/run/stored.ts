import { z } from 'zod';

/**
 * Parses a JSON document that was read from storage, as payloads are parsed; unknown keys are ignored.
 *
 * @param fail makes the error to throw. The problem names a place in the document and the type that was expected, never
 *   the value
 */
export const parseStored = <Schema extends z.ZodType>(
  schema: Schema,
  body: string,
  fail: (problem: string, cause: unknown) => Error,
): z.output<Schema> => {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (cause) {
    // Node quotes the text in its message, and with it values.
    throw fail('it is not JSON', cause);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw fail(z.prettifyError(parsed.error), parsed.error);
  return parsed.data;
};
