/** Limits on the names in a message, so that it stays readable. */
const MAX_NAMES = 20;
const MAX_NAME_LENGTH = 100;

/** The first names, quoted and cut, and how many others there are. */
export const listNames = (names: readonly string[]): string => {
  const more = names.length - MAX_NAMES;
  const shown = names.slice(0, MAX_NAMES).map((name) => JSON.stringify(name.slice(0, MAX_NAME_LENGTH)));
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
};
