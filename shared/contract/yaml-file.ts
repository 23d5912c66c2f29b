import { isAlias, isCollection, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { type Path, Problems } from './problems.ts';

export interface YamlFile {
  /** The document as plain JavaScript; undefined when it is not YAML. */
  value: unknown;
  /** Syntax errors and repeated keys are among them already. */
  problems: Problems;
}

const DECIMAL = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** Reads YAML so that every later problem can name its line; `firstLine` is where the text begins in its file. */
export const readYaml = (file: string, text: string, firstLine = 1): YamlFile => {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const lineAt = (offset: number): number => counter.linePos(offset).line + firstLine - 1;

  // A path may end in a key that is not there: the nearest node above it is where the reader must look.
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
    // Not 0x1F, which is a number to YAML alone.
    return isScalar(scalar) && DECIMAL.test(scalar.source ?? '') ? scalar.source : undefined;
  };

  if (document.errors.length === 0)
    return { value: document.toJS(), problems: new Problems(file, lineOf, writtenAt) };
  const problems = new Problems(file);
  for (const error of document.errors)
    problems.add([], `not valid YAML: ${error.message.split('\n')[0]}`, lineAt(error.pos[0]));
  return { value: undefined, problems };
};
