import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { MAX_STORAGE_MB } from '../../shared/run/consumption.ts';
import { FUNCTIONS, resource } from './template.ts';

const read = (file: string): string => readFileSync(path.resolve(__dirname, '../..', file), 'utf8');
const documented = [...read('docs/configuration.md').matchAll(/`([^`]+)`/g)].map(([, name]) => name);
const stages: Record<string, Record<string, unknown>> = parse(read('serverless/stages.yml'));

test('docs/configuration.md has every parameter', () => {
  const parameters = Object.keys(stages.default ?? {});
  expect(parameters).toEqual(expect.arrayContaining(['architecture', 'kmsKeyArn']));
  expect(parameters.filter((name) => !documented.includes(name))).toEqual([]);
});

test('stages set only parameters that exist', () => {
  const names = Object.values(stages).flatMap((stage) => Object.keys(stage));
  expect(names.filter((name) => !(name in (stages.default ?? {})))).toEqual([]);
});

test('each function has the size of its /tmp in its environment, for its costs', () => {
  const known = FUNCTIONS.map((name) => {
    const { Environment, EphemeralStorage } = resource(`${name}LambdaFunction`).Properties as unknown as {
      Environment: { Variables: Record<string, unknown> };
      EphemeralStorage: { Size: number };
    };
    return [Number(Environment.Variables.DUCKSTEP_STORAGE_MB ?? MAX_STORAGE_MB), EphemeralStorage.Size];
  });
  for (const [variable, size] of known) expect(variable).toBe(size);
});

test('docs/configuration.md has every environment variable that is set', () => {
  const variables = FUNCTIONS.flatMap((name) => {
    const { Environment } = resource(`${name}LambdaFunction`).Properties as unknown as {
      Environment: { Variables: Record<string, unknown> };
    };
    return Object.keys(Environment.Variables);
  });
  expect(variables.filter((name) => !documented.includes(name))).toEqual([]);
});

/** Memory of three functions as the framework resolves it for a deployment with these parameters. */
const memoryWith = (stage: string, ...parameters: string[]): number[] => {
  const root = path.resolve(__dirname, '../..');
  const options = ['--stage', stage, ...parameters.flatMap((parameter) => ['--param', parameter])];
  const { stdout, stderr } = spawnSync(
    path.join(root, 'node_modules/.bin/sls'),
    ['print', '--format', 'json', '--path', 'functions', ...options],
    { cwd: root, encoding: 'utf8' },
  );
  if (!stdout.startsWith('{')) throw new Error(`${stdout}${stderr}`);
  const functions: Record<string, { memorySize: unknown }> = JSON.parse(stdout);
  return ['Transform', 'TransformLarge', 'Quarantine'].map((name) => Number(functions[name]?.memorySize));
};

test.each([
  ['today’s names', 'prod', ['memoryMb=2001', 'retryMemoryMb=2002', 'memorySmallMb=2003']],
  ['names of earlier releases', 'dev', ['memoryLarge=2001', 'memoryLargest=2002', 'memorySmall=2003']],
] as const)(
  'functions have the memory that a deployment asks for by %s',
  (_, stage, parameters) => {
    expect(memoryWith(stage, ...parameters)).toEqual([2001, 2002, 2003]);
  },
  120_000,
);
