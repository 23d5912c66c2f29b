/** `npm run bench`: see docs/performance.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { CONTENDERS, type Contender, type ContenderName } from './contender.ts';
import { findContender } from './contenders.ts';
import { DATASETS, FORMATS } from './datasets.ts';
import { describeMachine } from './machine.ts';
import { type Choice, caseName, casesOf, DIRT, EVERYTHING, isInSuite, quickOf, roundsFor } from './plan.ts';
import { publish } from './publish.ts';
import { caseLines } from './report.ts';
import type { Results } from './results.ts';
import { runCase } from './run-case.ts';
import { STEPS_HEADER, stepLines } from './steps.ts';

/** Slower contenders run once, to bound the time of the suite; noise is a small share of a long run. */
const REPEAT_BELOW_MS = 20_000;
const QUICK_ROUNDS = 3;
const QUICK_REPEAT_BELOW_MS = 5000;
/** The ratio of these two is the goal, therefore every round of theirs runs. */
const ALWAYS_REPEATED: readonly ContenderName[] = ['duckstep', 'baseline'];
/** With --quick, after this time all contenders run once and slow ones are left out. */
const QUICK_MS = 60_000;

interface Options {
  quick?: true;
  steps?: true;
  publish?: true;
  datasets?: Choice['datasets'];
  formats?: Choice['formats'];
  dirt?: Choice['dirt'];
  sizes?: number[];
  contenders?: ContenderName[];
  rounds?: number;
  memory?: number;
  timeout: number;
  out?: string;
}

const oneOf =
  <Name extends string>(names: readonly Name[]) =>
  (text: string): Name[] =>
    text.split(',').map((part) => {
      const name = names.find((each) => each === part.trim());
      if (name === undefined) throw new InvalidArgumentError(`It takes ${names.join(', ')}.`);
      return name;
    });

const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It takes numbers above 0.');
  return value;
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const program = new Command('npm run bench --')
  .description('measure duckstep and other tools on the same work, and compare their results')
  .option('--quick', 'every reader and every fault once, on small files, in minutes')
  .option('--steps', 'time of each step of duckstep and of the baseline; other contenders only if named')
  .option('--datasets <names>', DATASETS.join(','), oneOf(DATASETS))
  .option('--formats <names>', FORMATS.join(','), oneOf(FORMATS))
  .option('--dirt <names>', DIRT.join(','), oneOf(DIRT))
  .option('--sizes <megabytes>', 'sizes of generated files: 1,10,100,1000', (text) =>
    text.split(',').map(positive),
  )
  .option('--contenders <names>', CONTENDERS.join(','), oneOf(CONTENDERS))
  .option('--rounds <n>', 'runs of each contender per case (default: 5 up to 1 MB, else 3)', positive)
  .option('--memory <MB>', 'memory of one step of duckstep (default: its own)', positive)
  .option('--timeout <seconds>', 'time limit of one run of a contender', positive, 1800)
  .option('--out <file>', 'write the results as JSON')
  .option('--publish', 'write results and charts into docs/bench and docs/performance.md');
const options = program.parse().opts<Options>();

const contenderNames =
  options.contenders ?? (options.steps ? (['duckstep', 'baseline'] as const) : CONTENDERS);
const contenders: Contender[] = [];
const leftOut: string[] = [];
for (const name of contenderNames) {
  const found = await findContender(name, options.quick !== true);
  if (typeof found === 'string') leftOut.push(found);
  else contenders.push(found);
}
for (const reason of leftOut) console.log(reason);

const all = casesOf({
  datasets: options.datasets ?? EVERYTHING.datasets,
  formats: options.formats ?? EVERYTHING.formats,
  dirt: options.dirt ?? EVERYTHING.dirt,
  sizesMb: options.sizes ?? EVERYTHING.sizesMb,
});
const chosen = options.sizes === undefined ? all.filter((each) => isInSuite(each)) : all;
const cases = options.quick && options.sizes === undefined ? quickOf(chosen) : chosen;
const results: Results = {
  measuredAt: new Date().toISOString(),
  machine: describeMachine(),
  versions: {},
  leftOut,
  ...(options.memory !== undefined && { memoryMb: options.memory }),
  cases: [],
};
const showProgress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
};
/** Called after each case: an interrupted suite keeps its results. */
const keep = (): void => {
  if (options.out !== undefined) {
    mkdirSync(path.dirname(path.resolve(options.out)), { recursive: true });
    writeFileSync(options.out, `${JSON.stringify(results, null, 2)}\n`);
  }
  if (options.publish) publish(results);
};
const slow = new Set<ContenderName>();
for (const each of cases) {
  const late = options.quick === true && performance.now() > QUICK_MS;
  const able = contenders.filter(({ name }) => !late || !slow.has(name));
  if (able.length < contenders.length)
    console.log(`${caseName(each)} without ${[...slow].join(', ')}: --quick has no time left for it.`);
  const { result, rounds } = await runCase(each, able, {
    rounds: options.rounds ?? (late ? 1 : options.quick ? QUICK_ROUNDS : roundsFor(each)),
    repeatBelowMs: options.quick ? QUICK_REPEAT_BELOW_MS : REPEAT_BELOW_MS,
    alwaysRepeated: options.quick ? [] : ALWAYS_REPEATED,
    timeoutMs: options.timeout * 1000,
    ...(options.memory !== undefined && { memoryMb: options.memory }),
    progress: (text) => showProgress(`${caseName(each)}, ${text}`),
  });
  showProgress('');
  console.log(`${caseLines(result).join('\n')}\n`);
  if (options.steps) {
    console.log(STEPS_HEADER);
    for (const { name } of able) console.log(`${stepLines(name, rounds.get(name) ?? []).join('\n')}\n`);
  }
  results.cases.push(result);
  for (const { contender, wallMs } of result.measurements)
    if (wallMs > QUICK_REPEAT_BELOW_MS && !ALWAYS_REPEATED.includes(contender)) slow.add(contender);
  for (const [name, own] of rounds) {
    const versions = own.at(-1)?.result?.versions;
    if (versions !== undefined) results.versions[name] = versions;
  }
  keep();
}

const different = results.cases.filter(({ differences }) => differences.length > 0);
const failed = results.cases.filter(({ measurements }) =>
  measurements.some(({ failure }) => failure !== undefined),
);
if (different.length > 0) console.log(`DIFFERENT RESULTS: ${different.map(caseName).join(', ')}`);
if (failed.length > 0) console.log(`FAILED: ${failed.map(caseName).join(', ')}`);
if (different.length + failed.length > 0) process.exitCode = 1;
else console.log(`All contenders made the same tables in ${results.cases.length} cases.`);
