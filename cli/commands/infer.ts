import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { inferContract } from '../../operate/infer/infer.ts';
import { UsageError } from '../../shared/errors.ts';
import { FORMATS_HELP } from '../../shared/formats/formats.ts';
import type { Session } from '../base/session.ts';
import { withElapsed } from '../render/terminal.ts';

const HELP = `
The draft holds for every row of this file; whether it will hold for the next file is for you to decide. Its comments
show where to look. docs/datasets.md explains the parts of a contract.

Exit codes: 0, 1 when the file cannot be read, 64 for wrong usage.

Example:
  mkdir -p sql/orders && duckstep infer orders.csv -o sql/orders/contract.yaml`;

interface Options {
  dataset?: string;
  output?: string;
}

export const addInfer = (program: Command, session: Session): void => {
  program
    .command('infer')
    .description('draft the contract of a new dataset from one of its files')
    .argument('<file>', FORMATS_HELP)
    .option('--dataset <name>', "the dataset's name (default: made of the file's)")
    .option('-o, --output <file>', 'write the draft there; an existing file stays as it is')
    .addHelpText('after', HELP)
    .action(async (file: string, options: Options) => {
      const { root, env, terminal } = session;
      const { dataset } = options;
      const draft = await withElapsed(terminal, `Reading ${file}`, () =>
        inferContract({ root, env, file, dataset }),
      );
      if (options.output === undefined) terminal.print(draft.trimEnd());
      else await save(options.output, draft);
    });
};

/** @throws UsageError when the file exists, because somebody may have edited it */
const save = async (file: string, draft: string): Promise<void> => {
  try {
    await writeFile(file, draft, { flag: 'wx' });
  } catch (error) {
    throw new UsageError(
      `${file} cannot be written: ${error instanceof Error ? error.message : error}. Remove it first, or choose another.`,
    );
  }
};
