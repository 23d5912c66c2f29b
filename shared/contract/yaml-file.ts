import { isAlias, isCollection, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { type Path, Problems } from './problems.ts';

export interface YamlFile {
  /** The document as plain JavaScript; undefined if it is not valid YAML. */
  value: unknown;
  /** Holds the syntax errors and duplicate keys, if any. */
  problems: Problems;
}

const DECIMAL = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/**
 * Parses YAML and keeps the line of every value, so that later problems can name it.
 *
 * @param firstLine the line of the file on which the text begins
 */
export const readYaml = (file: string, text: string, firstLine = 1): YamlFile => {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const lineAt = (offset: number): number => counter.linePos(offset).line + firstLine - 1;

  // A path may end in a missing key; then the line is that of the nearest node above it.
  const lineOf = (path: Path): number | undefined => {
    for (let length = path.length; length >= 0; length--) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lineAt(node.range[0]);
    }
    return undefined;
  };

  const writtenAt = (path: Path): string | undefined => {
    let node: unknown = document.contents;
    for (const key of path) {
      const there = isAlias(node) ? node.resolve(document) : node;
      node = isCollection(there) ? there.get(key, true) : undefined;
    }
    const scalar = isAlias(node) ? node.resolve(document) : node;
    // A hexadecimal number such as 0x1F is a number only in YAML: its value is used, not its spelling.
    return isScalar(scalar) && DECIMAL.test(scalar.source ?? '') ? scalar.source : undefined;
  };

  if (document.errors.length === 0)
    return { value: document.toJS(), problems: new Problems(file, lineOf, writtenAt) };
  const problems = new Problems(file);
  for (const error of document.errors)
    problems.add([], `not valid YAML: ${error.message.split('\n')[0]}`, lineAt(error.pos[0]));
  return { value: undefined, problems };
};
