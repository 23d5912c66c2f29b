import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LAYERS } from '../../scripts/layers.ts';
import { ROOT } from '../helpers/engine.ts';
import {
  betweenFolders,
  circleIn,
  importsIn,
  layerOf,
  projectImports,
  upwardImports,
} from '../helpers/imports.ts';

const imports = projectImports();

test('every source file is in a layer, and every layer holds a file', () => {
  expect(imports.size).toBeGreaterThan(250);
  expect([...imports.keys()].filter((file) => layerOf(file) === -1)).toEqual([]);
  const used = new Set([...imports.keys()].map(layerOf));
  expect(LAYERS.filter((_, index) => !used.has(index))).toEqual([]);
});

test('every import is of a source file that exists, never of a test', () => {
  const targets = [...imports.values()].flat();
  expect(targets.length).toBeGreaterThan(1_000);
  expect(targets.filter((target) => !existsSync(path.join(ROOT, target)) || layerOf(target) === -1)).toEqual(
    [],
  );
});

test('no file imports from a layer above its own', () => {
  expect(upwardImports(imports)).toEqual([]);
});

test('no files import each other in a circle', () => {
  expect(circleIn(imports)).toBeUndefined();
});

test('no folders import each other in a circle', () => {
  expect(circleIn(betweenFolders(imports))).toBeUndefined();
});

test('an upward import and a circle are found where there is one', () => {
  const added = new Map([...imports, ['shared/engine/sql.ts', ['shared/contract/model.ts']]]);
  expect(upwardImports(added)).toEqual(['shared/engine/sql.ts → shared/contract/model.ts']);
  expect(circleIn(betweenFolders(added))).toEqual(expect.arrayContaining(['shared/engine']));
  expect(
    circleIn(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
  ).toEqual(['b', 'c', 'b']);
});

test('imports are found in every form', () => {
  const text = `import a, { b } from './a.ts';
import type { C } from '../c.ts';
export { d } from './d.ts';
import './e.ts';
const f = await import('../f.ts');
type G = import('./g.ts').G;
import fs from 'node:fs';`;
  expect(importsIn('x/y/z.ts', text)).toEqual([
    'x/y/a.ts',
    'x/c.ts',
    'x/y/d.ts',
    'x/y/e.ts',
    'x/f.ts',
    'x/y/g.ts',
  ]);
});

test("CONTRIBUTING's picture names the layers in their order", () => {
  const [, picture = ''] =
    /<!-- layers[^>]*-->\n+```text\n([\s\S]*?)```/.exec(
      readFileSync(path.join(ROOT, 'CONTRIBUTING.md'), 'utf8'),
    ) ?? [];
  const named = picture.split('\n').flatMap((line) => /^\s*(\S+)\s{2,}\S/.exec(line)?.[1] ?? []);
  expect(named).toEqual(LAYERS.map(({ path: layer }) => layer).toReversed());
});

describe.each(LAYERS.map(({ path: layer }) => layer).filter((layer) => !layer.endsWith('.ts')))(
  'the README of %s',
  (layer) => {
    const readme = readFileSync(path.join(ROOT, layer, 'README.md'), 'utf8');
    const line = (name: string): string =>
      new RegExp(`^- \\*\\*${name}\\*\\*: (.+)$`, 'm').exec(readme)?.[1] ?? '';

    test('lists the layers that it imports', () => {
      const index = LAYERS.findIndex((each) => each.path === layer);
      const imported = [...imports]
        .filter(([file]) => layerOf(file) === index)
        .flatMap(([, targets]) => targets.map(layerOf))
        .filter((target) => target !== index);
      const named = [...line('Imports').matchAll(/`([^`]+)`/g)].map(([, name]) => name);
      expect(named).toEqual(
        [...new Set(imported)].toSorted((a, b) => a - b).map((target) => LAYERS[target]?.path),
      );
    });

    test('names a door that exists, and decisions that exist', () => {
      const doors = [...line('Door').matchAll(/`([^`]+\.ts)`/g)].map(([, door = '']) => door);
      const decisions = [...line('Decided in').matchAll(/\]\(([^)]+)\)/g)].map(([, file = '']) => file);
      expect(line('Door')).not.toBe('');
      expect(decisions.length).toBeGreaterThan(0);
      const missing = [...doors, ...decisions].filter((file) => !existsSync(path.join(ROOT, layer, file)));
      expect(missing).toEqual([]);
    });
  },
);
