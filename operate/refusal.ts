/** The reason why an execution was not resumed: the name and the message of the error. */
export const refusalOf = (error: unknown): string => {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return `${name}: ${message}`;
};
