import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkLayer, LAYER_LIMITS } from '../../scripts/layer-limits.ts';
import { unzip } from '../../scripts/unzip.ts';
import { FUNCTIONS, PACKAGE, resource } from './template.ts';

const ROOT = path.resolve(__dirname, '../..');
const MB = 1e6;
const { dependencies, devDependencies } = JSON.parse(
  readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

/** The packages that esbuild bundled; it names each file in a comment. */
const bundled = (code: string): string[] => [
  ...new Set(
    [...code.matchAll(/^\/\/ node_modules\/((?:@[^/\n]+\/)?[^/\n]+)/gm)].map(([, name]) => name ?? ''),
  ),
];

describe.each(FUNCTIONS)("%s's zip", (name) => {
  const file = path.join(PACKAGE, `${name}.zip`);
  const files = unzip(readFileSync(file));
  const { Handler } = resource(`${name}LambdaFunction`).Properties as { Handler: string };
  const entry = `${path.posix.join(path.posix.dirname(Handler), path.posix.parse(Handler).name)}.js`;
  const code = files.get(entry)?.toString('utf8') ?? '';

  test('is below 1 MB', () => {
    expect(statSync(file).size).toBeLessThan(MB);
  });

  test('has the handler, the contracts and the SQL, and nothing else', () => {
    const others = [...files.keys()].filter((name) => name !== entry && !name.startsWith('sql/'));
    expect(others).toEqual([]);
    expect(code).toContain('handler: () => handler');
    expect(files.get('sql/signups/contract.yaml')).toEqual(
      readFileSync(path.join(ROOT, 'sql/signups/contract.yaml')),
    );
    expect([...files.keys()]).toContain('sql/gold/daily_metrics.sql');
  });

  test('has no development dependency, and no DuckDB, which is in the layer', () => {
    const packages = bundled(code);
    expect(packages).toEqual(
      expect.arrayContaining(['zod', '@aws-sdk/client-s3', '@aws-lambda-powertools/logger']),
    );
    expect(packages.filter((name) => name in devDependencies || name.startsWith('@duckdb/'))).toEqual([]);
    expect(
      packages.filter((name) => ['commander', 'chokidar', 'aws-local-stepfunctions'].includes(name)),
    ).toEqual([]);
    // Its support ends in February 2027.
    expect(packages.filter((name) => /xray|tracer/.test(name))).toEqual([]);
    expect(code).toContain('require("@duckdb/node-api")');
  });
});

describe('the layer', () => {
  const archive = readFileSync(path.join(ROOT, 'dist/layer/duckdb-arm64.zip'));
  const files = unzip(archive);
  const entries = [...files].map(([name, content]) => ({ name, content }));

  test('keeps its limits, and has the architecture of the functions', () => {
    expect(archive.length).toBeLessThan(LAYER_LIMITS.zipped);
    expect(() => checkLayer(entries, archive.length, 'arm64')).not.toThrow();
    expect(() => checkLayer(entries, archive.length, 'x86_64')).toThrow(
      /Not built for x86_64: .*libduckdb\.so/,
    );
  });

  test("has the version of DuckDB that the tests run on, and DuckDB's dependencies only", () => {
    const manifest = files.get('nodejs/node_modules/@duckdb/node-api/package.json')?.toString() ?? '{}';
    expect(JSON.parse(manifest)).toMatchObject({ version: dependencies['@duckdb/node-api'] });
    const packages = [...files.keys()].flatMap(
      (name) => /^nodejs\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? name,
    );
    expect([...new Set(packages)].toSorted()).toEqual([
      '@duckdb/node-api',
      '@duckdb/node-bindings',
      '@duckdb/node-bindings-linux-arm64',
      'detect-libc',
    ]);
  });

  test('is in the template, for that architecture', () => {
    expect(resource('DuckdbLambdaLayer').Properties).toMatchObject({
      CompatibleRuntimes: ['nodejs24.x'],
      CompatibleArchitectures: ['arm64'],
    });
  });
});
