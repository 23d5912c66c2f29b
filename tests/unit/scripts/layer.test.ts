import { checkLayer, LAYER_LIMITS } from '../../../scripts/layer-limits.ts';
import { duckdbLock } from '../../../scripts/layer-lock.ts';

/** The beginning of an ELF file for a machine; 183 is AArch64, 62 is x86-64. */
const elf = (machine: number): Buffer => {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header.writeUInt16LE(machine, 18);
  return header;
};
const library = (machine: number) => ({ name: 'lib.so', content: elf(machine) });
const text = { name: 'index.js', content: Buffer.from('// text') };

describe('checkLayer', () => {
  test('takes libraries of the architecture', () => {
    expect(() => checkLayer([library(183), text], 1_000, 'arm64')).not.toThrow();
    expect(() => checkLayer([library(62), text], 1_000, 'x86_64')).not.toThrow();
  });

  test.each([
    ['a library of another', [library(62)], 1_000, /Not built for arm64: lib\.so/],
    ['no library at all', [text], 1_000, /no native library/],
    ['too large a zip', [library(183)], LAYER_LIMITS.zipped + 1, /more than the limits/],
    [
      'too many bytes in it',
      [library(183), { name: 'big', content: Buffer.alloc(LAYER_LIMITS.unzipped) }],
      1_000,
      /more than the limits/,
    ],
  ])('refuses %s', (_, entries, zipped, message) => {
    expect(() => checkLayer(entries, zipped, 'arm64')).toThrow(message);
  });
});

describe('duckdbLock', () => {
  const project = {
    name: 'project',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { version: '1.0.0' },
      'node_modules/@duckdb/node-api': { version: '1.2.3', dependencies: { b: '^1' }, integrity: 'sha512-a' },
      'node_modules/b': { version: '1.0.1', optionalDependencies: { c: '2' } },
      'node_modules/c': { version: '2.0.0', dependencies: { b: '^1' } },
      'node_modules/unrelated': { version: '9.9.9' },
    },
  };

  test('takes what DuckDB needs, exactly as the project has it', () => {
    expect(duckdbLock(project).packages).toEqual({
      '': { name: 'duckdb-layer', version: '1.0.0', dependencies: { '@duckdb/node-api': '1.2.3' } },
      'node_modules/@duckdb/node-api': project.packages['node_modules/@duckdb/node-api'],
      'node_modules/b': project.packages['node_modules/b'],
      'node_modules/c': project.packages['node_modules/c'],
    });
  });

  test('says what the lockfile lacks', () => {
    const { 'node_modules/c': _, ...packages } = project.packages;
    expect(() => duckdbLock({ ...project, packages })).toThrow(/no c: run npm install/);
  });
});
