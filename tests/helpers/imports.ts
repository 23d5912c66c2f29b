import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LAYERS } from '../../scripts/layers.ts';
import { ROOT } from './engine.ts';

/** Files of the project, or what they import from it: paths from the project's folder. */
export type Imports = ReadonlyMap<string, readonly string[]>;

const IMPORT = /\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+\.ts)'/g;

/** The relative imports in a TypeScript file's text, static and dynamic, also those of types. */
export const importsIn = (file: string, text: string): string[] =>
  [...text.matchAll(IMPORT)].map(([, target = '']) => path.posix.join(path.posix.dirname(file), target));

/** All source files in the folders that have a layer, with what they import. */
export const projectImports = (): Imports => {
  const folders = [...new Set(LAYERS.map(({ path: layer }) => layer.split('/')[0] ?? ''))];
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }));
  return new Map(
    files.map((file) => [file, importsIn(file, readFileSync(path.join(ROOT, file), 'utf8'))] as const),
  );
};

/** The index of the layer that a file is in: of those that hold it, the one with the longest path; -1 for none. */
export const layerOf = (file: string): number => {
  const holding = LAYERS.map(({ path: layer }, index) => ({ layer, index })).filter(
    ({ layer }) => file === layer || file.startsWith(`${layer}/`),
  );
  return holding.toSorted((a, b) => b.layer.length - a.layer.length)[0]?.index ?? -1;
};

/** Imports from a layer that comes later, as `file → imported`. */
export const upwardImports = (imports: Imports): string[] =>
  [...imports].flatMap(([file, targets]) =>
    targets.filter((target) => layerOf(target) > layerOf(file)).map((target) => `${file} → ${target}`),
  );

/** The same arrows between the folders of the files, without those inside one folder. */
export const betweenFolders = (imports: Imports): Imports => {
  const folders = new Map<string, Set<string>>();
  for (const [file, targets] of imports) {
    const from = path.posix.dirname(file);
    const reached = folders.get(from) ?? new Set();
    for (const target of targets)
      if (path.posix.dirname(target) !== from) reached.add(path.posix.dirname(target));
    folders.set(from, reached);
  }
  return new Map([...folders].map(([folder, reached]) => [folder, [...reached]]));
};

/** The first circle that is found, from a node back to itself; undefined where there is none. */
export const circleIn = (imports: Imports): readonly string[] | undefined => {
  const done = new Set<string>();
  const follow = (node: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of imports.get(node) ?? []) {
      const circle = follow(next, [...way, node]);
      if (circle !== undefined) return circle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of imports.keys()) {
    const circle = follow(node, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
};
