/** Tests run on the sources as they are; swc only strips types and turns modules into what jest loads. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.(ts|js|mjs)$': '@swc/jest' },
  // ESM-only packages that jest must see as CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(p-limit|yocto-queue|chokidar|readdirp)/)'],
  // They need what `npm run package` makes, or Python's packages, and have commands of their own.
  testPathIgnorePatterns: [
    '/node_modules/',
    ...['package', 'iceberg', 'spark', 'e2e'].map((kind) => `<rootDir>/tests/${kind}/`),
  ],
  // jest leaves a core idle by default; half of the time these tests wait for DuckDB or for other processes.
  maxWorkers: '100%',
  // Only against what hangs: on a busy machine a test may take ten times as long as on an idle one.
  testTimeout: 900_000,
};
