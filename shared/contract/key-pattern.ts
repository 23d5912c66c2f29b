import { literal } from '../engine/sql.ts';
import { patternCheck } from './constraints.ts';
import type { Check } from './duckdb-checks.ts';
import type { KeyPattern } from './model.ts';
import type { Place } from './problems.ts';

/** Reads the setting `keyPattern`. Whether RE2 compiles it is added to `checks`. */
export const readKeyPattern = (
  pattern: string,
  reserved: readonly string[],
  place: Place,
  checks: Check[],
): KeyPattern => {
  checks.push(patternCheck(pattern, place));
  const groups = namedGroups(pattern);
  if (groups.length === 0) place.expected('an RE2 pattern with named groups, such as (?P<day>\\d+)', pattern);
  const taken = [...reserved];
  for (const { name } of groups) {
    if (taken.includes(name.toLowerCase()))
      place.say(`the group "${name}" has the name of another column of source; rename it`);
    taken.push(name.toLowerCase());
  }
  return { pattern, groups };
};

/** SQL of the pattern that a whole text must match. */
export const wholePattern = ({ pattern }: Pick<KeyPattern, 'pattern'>): string => literal(`^(?:${pattern})$`);

/** Named groups by RE2's numbers. Escapes, `\Q…\E` and character classes may hold brackets that begin no group. */
const namedGroups = (pattern: string): KeyPattern['groups'] => {
  const groups: KeyPattern['groups'] = [];
  let index = 0;
  const TOKEN =
    /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*\]|\((\?(?:P?<(\w+)>)?)?/g;
  for (const [token, special, name] of pattern.matchAll(TOKEN)) {
    if (!token.startsWith('(')) continue;
    if (special === undefined || name !== undefined) index += 1;
    if (name !== undefined) groups.push({ name, index });
  }
  return groups;
};
