import { readFileSync } from 'node:fs';
import path from 'node:path';

interface Settings {
  testPathPatterns: { patterns: readonly string[] };
}

/** A file of tests, as jest tells reporters of it. */
interface TestFile {
  context: { config: { displayName?: { name: string } } };
}

const CONTRIBUTING = path.resolve(import.meta.dirname, '../../CONTRIBUTING.md');

/** How long a suite takes on two cores that are otherwise idle, out of the table in CONTRIBUTING: it stands there alone. */
const timeOf = (suite: string): string => {
  const command = suite === 'quick' ? 'npm test' : `npm run test:${suite}`;
  const row = readFileSync(CONTRIBUTING, 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`| \`${command}\` |`));
  return row?.split('|').at(-2)?.trim() ?? 'an unknown time';
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
      process.stderr.write(`Suite ${name}: ${this.#files} files of tests, ${timeOf(name)} on two cores.\n\n`);
    this.#files = undefined;
  }
}
