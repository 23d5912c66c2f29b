import type { Command } from 'commander';
import type { RolledBackTable } from '../../operate/rolled-back.ts';
import { counted } from '../../shared/base/text.ts';
import { UsageError } from '../../shared/errors.ts';
import { type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { renderGold } from '../render/gold.ts';
import { withProgress } from '../render/progress.ts';

const HELP = `
Gives a silver table the rows that it had in an earlier snapshot, and gold follows. It is a commit like any other: time
travel still shows what was there, and another rollback takes it back. Files that were loaded since are out, also where
their event comes once more; \`duckstep replay KEY\` loads one again, and so does a new upload of it. Raw, \`runs\` and
quarantine stay as they are.

With --stage it runs here, on that stage's lake; needs what \`maintain --stage\` needs.

Exit codes: 0, or 64 for wrong usage.

Examples:
  duckstep history silver.signups
  duckstep rollback silver.signups --to 1843077713426`;

interface Options extends PipelineOptions {
  to: string;
  json?: true;
}

export const addRollback = (program: Command, session: Session): void => {
  program
    .command('rollback')
    .description('give a silver table the rows of an earlier snapshot; gold follows')
    .argument('<table>', 'silver.<dataset>, or the dataset alone')
    .requiredOption('--to <snapshot>', 'id of a snapshot; `duckstep history` lists them')
    .option('--stage <stage>', 'the lake on AWS, not the one on this machine')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (table: string, _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { terminal } = session;
      const to = snapshotIn(options.to);
      const pipeline = await pipelineOf(session, options);
      const rolledBack = await withProgress(terminal, (observe) => pipeline.rollback(table, to, { observe }));
      if (options.json === true) terminal.print(JSON.stringify(rolledBack, null, 2));
      else for (const line of linesOf(rolledBack, options.to)) terminal.print(line);
    });
};

const snapshotIn = (text: string): number => {
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new UsageError(`--to takes the id of a snapshot, not "${text}". \`duckstep history\` lists them.`);
};

const linesOf = ({ table, version, gone, earlier, gold }: RolledBackTable, to: string): string[] => [
  `${table} has the rows of snapshot ${to} again (version ${version}).`,
  ...listed(gone, 'has no rows in it any more', 'have no rows in it any more'),
  ...listed(earlier, 'has those of an earlier version', 'have those of an earlier version'),
  ...renderGold(gold),
];

const listed = (keys: readonly string[], one: string, many: string): string[] =>
  keys.length === 0
    ? []
    : [
        `${counted(keys.length, 'file')} ${keys.length === 1 ? one : many}:`,
        ...keys.map((key) => `  ${key}`),
      ];
