/**
 * Patterns of keys. Node's own depend on the operating system for upper and lower case: a laptop would ignore other keys
 * than AWS. They are matched without regular expressions, because no pattern may take long.
 */

/**
 * Whether a path matches a pattern, both of names between slashes: `*` stands for any characters of a name, `?` for one,
 * and a whole name `**` for any number of names, or at the end for one or more. Upper and lower case differ.
 */
export const matchesGlob = (path: string, pattern: string): boolean =>
  matches(path.split('/'), pattern.replace(/(^|\/)\*\*$/, '$1**/*').split('/'), '**', matchesName);

const matchesName = (name: string, pattern: string): boolean =>
  matches([...name], [...pattern], '*', (letter, wanted) => wanted === '?' || letter === wanted);

/**
 * Whether items match wanted ones in order, where a wanted `star` stands for any number of items. It is enough to come
 * back to the last star: one before it could not do more.
 */
const matches = (
  items: readonly string[],
  wanted: readonly string[],
  star: string,
  isMatch: (item: string, wanted: string) => boolean,
): boolean => {
  let [item, want] = [0, 0];
  let back: { item: number; want: number } | undefined;
  while (item < items.length) {
    const next = wanted[want];
    if (next === star) {
      back = { item, want: want + 1 };
      want++;
    } else if (next !== undefined && isMatch(items[item] ?? '', next)) {
      item++;
      want++;
    } else if (back !== undefined) {
      back.item++;
      item = back.item;
      want = back.want;
    } else return false;
  }
  return wanted.slice(want).every((each) => each === star);
};

/** The form that a faulty pattern should have instead; undefined for a sound one. */
export const globFault = (pattern: string): string | undefined => {
  const names = pattern.split('/');
  if (names.includes(''))
    return "a path below the dataset's folder, without a slash at its ends or two in a row";
  if (names.some((name) => name === '.' || name === '..')) return 'a path without "." and ".."';
  if (/[\\[\]{}!]/.test(pattern)) return 'a path with no other wildcards than *, ** and ?';
  if (names.some((name) => name.includes('**') && name !== '**'))
    return 'a path with ** only as a whole name';
  if (/^[*/]+$/.test(pattern)) return 'a path that leaves some keys';
  return undefined;
};
