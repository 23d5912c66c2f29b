import { ContractInvalid } from '../errors.ts';

export type Path = readonly (string | number)[];

/** `schema[0].properties[3].name`; the document itself is `(document)`. */
const spellPath = (path: Path): string =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('') ||
  '(document)';

/** All mistakes of one file, gathered so that the author can fix them at once. */
export class Problems {
  readonly file: string;
  readonly #lineOf: (path: Path) => number | undefined;
  readonly writtenAt: (path: Path) => string | undefined;
  readonly #found: { line: number; text: string }[] = [];

  /**
   * @param lineOf the line of the value at a path
   * @param writtenAt the text of the number at a path, as the file spells it: `0.00`, `007`
   */
  constructor(
    file: string,
    lineOf: (path: Path) => number | undefined = () => undefined,
    writtenAt: (path: Path) => string | undefined = () => undefined,
  ) {
    this.file = file;
    this.#lineOf = lineOf;
    this.writtenAt = writtenAt;
  }

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  /** One line per problem, in the file's order: `file:line path: text`. */
  get lines(): string[] {
    return this.#found.toSorted((a, b) => a.line - b.line).map((problem) => problem.text);
  }

  add(path: Path, text: string, line = this.#lineOf(path)): void {
    const where = line === undefined ? this.file : `${this.file}:${line}`;
    this.#found.push({ line: line ?? 0, text: `${where} ${spellPath(path)}: ${text}` });
  }
}

/** A position in a file under inspection, to which problems are reported. */
export class Place {
  readonly path: Path;
  readonly #problems: Problems;

  constructor(problems: Problems, path: Path = []) {
    this.#problems = problems;
    this.path = path;
  }

  at(...keys: (string | number)[]): Place {
    return new Place(this.#problems, [...this.path, ...keys]);
  }

  /** Reports a wrong value: `expected a number, found "x"`. */
  expected(expected: string, found?: unknown): void {
    this.say(`expected ${expected}${found === undefined ? '' : `, found ${spellFound(found)}`}`);
  }

  /** Reports any other mistake in its own words: `duplicate name "id"`. */
  say(text: string): void {
    this.#problems.add(this.path, text);
  }

  /** The text of the scalar at this place; numbers as the file spells them. */
  textOf(value: string | number | boolean): string {
    return (typeof value === 'number' ? this.#problems.writtenAt(this.path) : undefined) ?? String(value);
  }
}

/** The texts of a list's scalars, without nulls. */
export const textsAt = (values: readonly (string | number | boolean | null)[], place: Place): string[] =>
  values.flatMap((value, i) => (value === null ? [] : [place.at(i).textOf(value)]));

/** Receives the problems of all files that were read; a file without mistakes has an empty one. */
export type Report = (all: readonly Problems[]) => void;

/** @throws ContractInvalid when there is any problem; the message lists all of them */
export const throwIfAny: Report = (all) => {
  const lines = all.flatMap((problems) => problems.lines);
  if (lines.length === 0) return;
  const count = lines.length === 1 ? '1 problem' : `${lines.length} problems`;
  throw new ContractInvalid(`${count} to fix:\n${lines.map((line) => `  ${line}`).join('\n')}`);
};

const MAX_FOUND = 80;

const spellFound = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_FOUND ? `${text.slice(0, MAX_FOUND)}…` : text;
};
