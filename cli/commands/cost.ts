import type { Command } from 'commander';
import { ASSUMPTIONS, type Comparison, compare, SHELL_LIMIT_BYTES } from '../../operate/cost/compare.ts';
import { readMeasured } from '../../operate/cost/measured.ts';
import { PRICED } from '../../shared/run/prices.ts';
import { positiveNumber } from '../base/numbers.ts';
import type { Session } from '../base/session.ts';
import { dollars } from '../render/dollars.ts';
import { renderTable } from '../render/table.ts';

const HELP = `
The cost of files with duckstep, and with Glue at its published prices. duckstep's part comes from the measurements in
docs/costs.json; the assumptions are printed, and explained in docs/costs.md. Needs no network and no account.

Exit codes: 0, or 64 for wrong usage.

Examples:
  duckstep cost --size 5 --per-day 200
  duckstep cost --size 500 --per-day 24 --json`;

const WAYS: Readonly<Record<keyof Comparison, string>> = {
  duckstep: 'duckstep',
  spark: 'Glue Spark, a job for each file',
  sparkDaily: 'Glue Spark, one job a day',
  shell: 'Glue Python shell, a job for each file',
  crawlerDaily: 'and to any of Glue’s: one crawl a day',
};

const DAYS_A_MONTH = 30.4;

interface Options {
  size: string;
  perDay: string;
  json?: true;
}

export const addCost = (program: Command, session: Session): void => {
  program
    .command('cost')
    .description('compare the cost of files on AWS with that of Glue')
    .requiredOption('--size <MB>', 'of one file, as CSV; 1 MB are 1,000,000 bytes')
    .requiredOption('--per-day <n>', 'files a day')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ size, perDay, json }: Options) => {
      const { terminal, root } = session;
      const bytes = positiveNumber(size, '--size') * 1e6;
      const filesPerDay = positiveNumber(perDay, '--per-day');
      const ways = compare(await readMeasured(root), { bytes, filesPerDay });
      if (json === true) {
        const answer = { bytes, files_per_day: filesPerDay, region: PRICED.region, usd_per_file: ways };
        terminal.print(JSON.stringify({ ...answer, assumptions: ASSUMPTIONS }, null, 2));
        return;
      }
      const columns = ['way', 'a file', 'a month', 'times'].map((name, i) => ({ name, right: i > 0 }));
      const rows = (Object.keys(WAYS) as (keyof Comparison)[]).map((way) => {
        const usd = ways[way];
        if (usd === undefined) return [WAYS[way], `above ${SHELL_LIMIT_BYTES / 1e6} MB: no memory`];
        const times = `${(usd / ways.duckstep).toPrecision(2)} ×`;
        return [WAYS[way], dollars(usd), dollars(usd * filesPerDay * DAYS_A_MONTH), times];
      });
      terminal.print(renderTable(columns, rows, terminal).join('\n'));
      terminal.print(`\n${assumptions()}`);
    });
};

const assumptions = (): string => {
  const said = ASSUMPTIONS;
  return [
    `Prices of ${PRICED.region}, compared on ${PRICED.checked}; no free tiers, storage and logs apart.`,
    `duckstep: measured, plus ${said.s3AnswerMs} ms a request, ${said.s3MbPerSecond} MB/s from and to S3, and ${said.coldShare * 100} % cold starts of ${said.coldMs / 1000} s.`,
    `Glue Spark: ${said.sparkDpus} DPUs, ${said.sparkFixedSeconds} s and ${said.sparkMbPerSecond} MB/s, a minute at least. Python shell: ${said.shellDpus} DPU, ${said.shellFixedSeconds} s and ${said.shellMbPerSecond} MB/s, a minute at least. Crawl: ten minutes of ${said.crawlerDpus} DPUs at least.`,
  ].join('\n');
};
