import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Every suite of tests is a project of its own. `jest PATH` runs a file of any of them; the commands in package.json
 * run one suite whole. CONTRIBUTING says what each is for.
 */
const suite = (name, options = {}) => ({
  displayName: name,
  testEnvironment: 'node',
  roots: [`<rootDir>/tests/${name}`],
  testMatch: ['**/*.test.ts'],
  // Tests run on the sources as they are; swc only strips types and turns modules into what jest loads.
  transform: { '^.+\\.(ts|js|mjs)$': '@swc/jest' },
  // ESM-only packages that jest must see as CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(p-limit|yocto-queue|chokidar|readdirp)/)'],
  // zod loads the messages of fifty languages, and each file of tests loads zod.
  moduleNameMapper: { '^\\.\\./locales/index\\.cjs$': '<rootDir>/tests/setup/english.cjs' },
  globals: { SUITE: name },
  ...options,
});

/** Scratch folders in memory, and one cache of compiled modules for all child processes. */
const FOLDERS = {
  globalSetup: '<rootDir>/tests/setup/folders.ts',
  globalTeardown: '<rootDir>/tests/setup/remove-folders.ts',
};

/** Files that hold a long test, or a property that tries more cases in the stress suite than in the quick one. */
const withLongTests = () => {
  const tests = path.join(import.meta.dirname, 'tests');
  return readdirSync(tests, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => readFileSync(path.join(tests, file), 'utf8').includes('/helpers/stress.ts'))
    .map((file) => `<rootDir>/tests/${file}`);
};

const OF_THEIR_OWN = ['stress', 'iceberg', 'spark', 'package', 'e2e'];

export default {
  projects: [
    suite('quick', {
      roots: ['<rootDir>/tests'],
      testPathIgnorePatterns: OF_THEIR_OWN.map((name) => `<rootDir>/tests/${name}/`),
      ...FOLDERS,
    }),
    suite('stress', {
      roots: ['<rootDir>/tests'],
      testMatch: ['<rootDir>/tests/stress/*.test.ts', ...withLongTests()],
      ...FOLDERS,
    }),
    suite('iceberg', { ...FOLDERS, globalSetup: '<rootDir>/tests/iceberg/set-up.ts' }),
    suite('spark'),
    suite('package', FOLDERS),
    suite('e2e'),
  ],
  reporters: ['default', '<rootDir>/tests/setup/announce.ts'],
  // jest leaves a core idle by default; half of the time these tests wait for DuckDB or for other processes.
  maxWorkers: '100%',
  // Only against what hangs: on a busy machine a test may take ten times as long as on an idle one.
  testTimeout: 900_000,
};
