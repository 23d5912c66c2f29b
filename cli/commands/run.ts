import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { unlessMissing } from '../../shared/base/files.ts';
import { UsageError } from '../../shared/errors.ts';
import { FORMATS_HELP } from '../../shared/formats/formats.ts';
import { isHidden, isPathSafe } from '../../shared/lake/storage/key-path.ts';
import { ignoredBecause } from '../../shared/run/ignored-key.ts';
import { exitCodeOf, printOutcomes, processFiles, type Upload } from '../process-files.ts';
import type { Terminal } from '../render/terminal.ts';
import { printable } from '../render/text.ts';
import type { Session } from '../session.ts';

const HELP = `
Exit codes: 0 all loaded, 1 an execution failed, 2 rows or whole files went to quarantine, 64 wrong usage.

Example:
  duckstep run export.csv --dataset signups`;

export const addRun = (program: Command, session: Session): void => {
  program
    .command('run')
    .description("copy files into the lake's raw folder and process them")
    .argument('<file...>', FORMATS_HELP)
    .requiredOption('--dataset <name>', 'the dataset they belong to: a folder under sql/')
    .option('--json', 'print the outcomes as JSON')
    .addHelpText('after', HELP)
    .action(async (files: string[], _, command: Command) => {
      const options = command.optsWithGlobals<{ dataset: string; json?: true; lake: string }>();
      const uploads = withoutIgnored(session.terminal, await uploadsOf(files, options.dataset));
      for (const { file, key } of uploads)
        if (!isPathSafe(key) || isHidden(key))
          throw new UsageError(
            `${file} cannot become raw/${key}: no part of it may be empty, begin with a dot, or have a backslash.`,
          );
      const outcomes = await processFiles(session, options.lake, uploads);
      printOutcomes(session.terminal, outcomes, options.json === true);
      session.exitCode = exitCodeOf(outcomes);
    });
};

/** Says of each file that would be ignored that it is, and leaves it out. */
export const withoutIgnored = (terminal: Terminal, uploads: readonly Upload[]): Upload[] =>
  uploads.filter(({ file, key }) => {
    const reason = ignoredBecause(key);
    if (reason !== undefined) terminal.note(`${printable(file)} was ignored: ${reason}.`);
    return reason === undefined;
  });

/** @throws UsageError when a file is not there or cannot be read, or two would get the same key */
export const uploadsOf = async (files: readonly string[], dataset: string): Promise<Upload[]> => {
  const uploads = files.map((file) => ({ file, key: `${dataset}/${path.basename(file)}` }));
  for (const [i, { file, key }] of uploads.entries()) {
    if (!(await unlessMissing(stat(file)))?.isFile()) throw new UsageError(`${file} is not a file.`);
    await access(file, constants.R_OK).catch((cause: unknown) => {
      throw new UsageError(`${file} cannot be read.`, { cause });
    });
    const twin = uploads.slice(0, i).find((other) => other.key === key);
    if (twin !== undefined)
      throw new UsageError(
        `${twin.file} and ${file} would both become raw/${key}: rename one, or run them one after the other.`,
      );
  }
  return uploads;
};
