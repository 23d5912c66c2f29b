interface Settings {
  testPathPatterns: { patterns: readonly string[] };
}

/** A file of tests, as jest tells reporters of it. */
interface TestFile {
  context: { config: { displayName?: { name: string } } };
}

/** About how long a suite takes on two cores that are otherwise idle. */
const TAKES: Readonly<Record<string, string>> = {
  quick: 'about 3 minutes on two cores. `npm run test:stress` runs the long ones.',
  stress: 'about 6 minutes on two cores.',
  iceberg: 'about 1 minute on two cores, and PyIceberg from PyPI at the first time.',
  spark: 'about 5 minutes, and half a gigabyte from PyPI and Maven Central at the first time.',
  package: 'less than a minute.',
  e2e: 'about 6 minutes, and an emulator from PyPI at the first time.',
};

/** Says before a whole suite runs how large it is and how long it takes. */
export default class Announce {
  readonly #whole: boolean;
  #files: number | undefined;

  constructor({ testPathPatterns }: Settings) {
    this.#whole = testPathPatterns.patterns.length === 0;
  }

  onRunStart({ numTotalTestSuites }: { numTotalTestSuites: number }): void {
    if (this.#whole) this.#files = numTotalTestSuites;
  }

  onTestFileStart({ context }: TestFile): void {
    const { name = '' } = context.config.displayName ?? {};
    if (this.#files !== undefined)
      process.stderr.write(`Suite ${name}: ${this.#files} files of tests, ${TAKES[name]}\n\n`);
    this.#files = undefined;
  }
}
