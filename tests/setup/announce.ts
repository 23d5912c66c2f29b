interface Settings {
  testPathPatterns: { patterns: readonly string[] };
}

/** A file of tests, as jest tells reporters of it. */
interface TestFile {
  context: { config: { displayName?: { name: string } } };
}

/** About how long a suite takes on two cores that are otherwise idle. */
const TAKES: Readonly<Record<string, string>> = {
  quick: '4 to 5 minutes on two cores. `npm run test:stress` runs the long ones.',
  stress: '6 to 8 minutes on two cores.',
  iceberg: 'about 2 minutes on two cores; the first run installs PyIceberg from PyPI.',
  spark: 'about 5 minutes; the first run fetches half a gigabyte from PyPI and Maven Central.',
  package: 'about 2 minutes.',
  e2e: '5 to 9 minutes; the first run installs an emulator from PyPI.',
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
