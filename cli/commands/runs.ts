import { type Command, Option } from 'commander';
import { DEFAULT_RUNS, type RunsFilter } from '../../operate/pipeline.ts';
import { counted } from '../../shared/base/text.ts';
import { RUN_STATUSES } from '../../shared/run/payload.ts';
import { positiveInteger } from '../base/numbers.ts';
import { type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { parseSince } from '../base/since.ts';
import { renderRuns } from '../render/runs.ts';

const HELP = `
The runs that finished last, the latest first: one for each version of a file that came to its end. "rows" were read, and
"rejected" of them are in quarantine; a quarantined file has all its rows there. Times are UTC, costs are dollars on AWS.

The newest hundred take the same number of requests in a lake of a hundred runs and of a million. A filter that few runs match
may have to read all of them. \`duckstep query\` has all columns of \`runs\`.

Exit codes: 0, or 64 for wrong usage.

Examples:
  duckstep runs
  duckstep runs --dataset signups --status quarantined --since 7d
  duckstep runs --stage prod --limit 20 --json`;

interface Options extends PipelineOptions {
  limit: string;
  dataset?: string;
  status?: RunsFilter['status'];
  key?: string;
  since?: string;
  after?: string;
  json?: true;
}

export const addRuns = (program: Command, session: Session): void => {
  program
    .command('runs')
    .description('list the runs that finished last, with the rows, score, reason and cost of each')
    .option('--limit <n>', 'show at most n', String(DEFAULT_RUNS))
    .option('--dataset <dataset>', 'only of this dataset')
    .addOption(new Option('--status <status>', 'only these').choices(RUN_STATUSES))
    .option('--key <key>', 'only of this file in raw, as <dataset>/<name>')
    .option('--since <time>', 'only those that finished since: 90m, 24h, 3d, or a time')
    .option('--after <place>', 'go on where an earlier list ended')
    .option('--stage <stage>', 'on AWS, not on this machine')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { terminal } = session;
      const { dataset, status, key: sourceKey, after } = options;
      const since = options.since === undefined ? undefined : parseSince(options.since).toISOString();
      const limit = positiveInteger(options.limit, '--limit');
      const pipeline = await pipelineOf(session, options);
      const { runs, next } = await pipeline.runs({ limit, dataset, status, sourceKey, since, after });
      if (options.json === true) {
        terminal.print(JSON.stringify({ runs, next: next ?? null }, null, 2));
        return;
      }
      if (runs.length > 0) terminal.print(renderRuns(runs, terminal).join('\n'));
      const more = next === undefined ? '' : `; there are more (--after ${next})`;
      terminal.print(`${counted(runs.length, 'run')}${more}`);
    });
};
