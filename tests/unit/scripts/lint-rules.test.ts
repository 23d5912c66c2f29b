import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../helpers/engine.ts';
import { scratch } from '../../helpers/scratch.ts';

/** The complaints about a source file: messages of the project's plugins, and names of Biome's rules. */
const lint = (text: string): string => {
  const folder = scratch();
  const { linter, plugins } = JSON.parse(readFileSync(path.join(ROOT, 'biome.json'), 'utf8'));
  const absolute = plugins.map((plugin: string) => path.join(ROOT, plugin));
  writeFileSync(path.join(folder, 'biome.json'), JSON.stringify({ linter, plugins: absolute }));
  writeFileSync(path.join(folder, 'sample.ts'), text);
  const { stdout, stderr } = spawnSync(path.join(ROOT, 'node_modules/.bin/biome'), ['lint', 'sample.ts'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return stdout + stderr;
};

test.each([
  ['a function declaration', 'export function add() {}', 'arrow constant'],
  ['an async one', 'export async function add() {}', 'arrow constant'],
  ['a part of node:path', "import { join } from 'node:path';\njoin();", 'Import node:path as a whole'],
  [
    'a ternary spread',
    'export const a = (b?: 1) => ({ ...(b === undefined ? {} : { b }) });',
    '...(condition &&',
  ],
  ['its mirror image', 'export const a = (b?: 1) => ({ ...(b ? { b } : {}) });', '...(condition &&'],
  ['a limit called MOST', 'export const MOST_ROWS = 3;', 'MAX_'],
  ['a limit called LEAST', 'export const LEAST_MB = 3;', 'MIN_'],
  ['a long function', `export const a = () => {\n${'a();\n'.repeat(61)}};`, 'noExcessiveLinesPerFunction'],
  [
    'a long file',
    'export const a = 1;\n'
      .replace('a', 'a0')
      .concat(...Array.from({ length: 251 }, (_, i) => `export const b${i} = 1;\n`)),
    'noExcessiveLinesPerFile',
  ],
])('%s is reported', (_, text, message) => {
  expect(lint(text)).toContain(message);
});

test('the house style is not', () => {
  const found = lint(`import path from 'node:path';
const MAX_ROWS = 3;
export async function* rows(): AsyncGenerator<number> {
  yield MAX_ROWS;
}
export function* more(): Generator<string> {
  yield path.join('a');
}
export const a = (b?: 1) => ({ ...(b !== undefined && { b }) });
`);
  expect(found).toContain('Checked 1 file');
  expect(found).not.toContain('×');
});
