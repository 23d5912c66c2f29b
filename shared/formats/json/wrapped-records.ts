import { ContractMismatch } from '../../errors.ts';
import type { TextFile } from '../records/format.ts';
import { listNames } from '../records/list-names.ts';
import type { ExpectedColumn } from '../records/opened-records.ts';
import { pointerOf } from './json-pointer.ts';

/** An object or list of the text that is being read. */
interface Level {
  kind: '{' | '[';
  /** The key that was read last. */
  key: string;
  /** All keys of an object. */
  keys: string[];
}

/** A list of objects, and whether the first of them has a name of the contract. */
interface Found {
  /** A JSON Pointer. */
  path: string;
  depth: number;
  named: boolean;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g;

const normalName = (name: string): string => name.trim().toLowerCase();

/**
 * Answers of APIs hold the records in a list below other members: `{"data": [{…}], "next": null}`.
 *
 * @throws ContractMismatch when the file's only object has no name of the contract, but a list of objects
 */
export const throwIfWrapped = (file: TextFile, expected: readonly ExpectedColumn[]): void => {
  if (expected.length === 0) return;
  const names = new Set(
    expected.flatMap(({ sourceName, name = sourceName }) => [sourceName, name]).map(normalName),
  );
  const path = wrappingPathOf(file.text, names);
  if (path === undefined) return;
  throw new ContractMismatch(
    `The file is one JSON object without a column of the contract, which expects ${listNames(expected.map(({ sourceName }) => sourceName))}. The records seem to lie in the list at ${JSON.stringify(path.slice(0, 200))}: set recordsPath to it in the contract's customProperties, or write that list alone, or one of its objects per line.`,
  );
};

/** @param text the beginning of a JSON object; it may be cut off */
const wrappingPathOf = (text: string, names: ReadonlySet<string>): string | undefined => {
  const levels: Level[] = [];
  const found: Found[] = [];
  const leave = (): void => {
    const level = levels.pop();
    const parent = levels.at(-1);
    if (level?.kind !== '{' || parent?.kind !== '[' || levels[0]?.kind !== '{') return;
    const path = pointerOf(levels.filter(({ kind }) => kind === '{').map(({ key }) => key));
    if (found.some((each) => each.path === path)) return;
    const named = level.keys.some((key) => names.has(normalName(key)));
    found.push({ path, depth: levels.length, named });
  };
  let previous = '';
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === '{' || token === '[') levels.push({ kind: token, key: '', keys: [] });
    else if (token === '}' || token === ']') leave();
    else if (level?.kind === '{' && (previous === '{' || previous === ',')) {
      level.key = unquoted(token);
      level.keys.push(level.key);
      if (levels.length === 1 && names.has(normalName(level.key))) return undefined;
    }
    previous = token;
  }
  while (levels.length > 0) leave();
  const nearest = found.toSorted((a, b) => Number(b.named) - Number(a.named) || a.depth - b.depth);
  return nearest[0]?.path;
};

const unquoted = (token: string): string => {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
};
