import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { draftContract } from '../../operate/infer/draft.ts';
import { datasetName } from '../../operate/infer/names.ts';
import { profileSource } from '../../operate/infer/profile.ts';
import { unlessMissing } from '../../shared/base/files.ts';
import { withScratch } from '../../shared/engine/scratch.ts';
import { withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { UsageError } from '../../shared/errors.ts';
import { FORMATS_HELP } from '../../shared/formats/formats.ts';
import { openSource } from '../../shared/formats/open-source.ts';
import { configFromEnv } from '../../shared/runtime/config.ts';
import { during } from '../render/terminal.ts';
import type { Session } from '../session.ts';

const HELP = `
The draft says what every row of the file says; whether it will hold tomorrow is for you to decide. Its comments tell
where to look. docs/datasets.md says what the parts of a contract mean.

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
      if (!(await unlessMissing(stat(file)))?.isFile()) throw new UsageError(`${file} is not a file.`);
      const { terminal } = session;
      const dataset = options.dataset ?? datasetName(file);
      const draft = await during(terminal, `Reading ${file}`, () => infer(session, file, dataset));
      if (options.output === undefined) terminal.print(draft.trimEnd());
      else await save(options.output, draft);
    });
};

const infer = async ({ root, env }: Session, file: string, dataset: string): Promise<string> => {
  const config = configFromEnv(env, { sqlDir: path.join(root, 'sql') });
  return await withScratch(config.scratchRoot, (scratch) =>
    withDuckDb({ ...config, scratch }, async (db) => {
      const source = await openSource(file, { ...config, db, scratch, expected: [] });
      return draftContract(dataset, path.basename(file), await profileSource(db, source));
    }),
  );
};

/** @throws UsageError when the file exists: somebody may have edited it */
const save = async (file: string, draft: string): Promise<void> => {
  try {
    await writeFile(file, draft, { flag: 'wx' });
  } catch (error) {
    throw new UsageError(
      `${file} cannot be written: ${error instanceof Error ? error.message : error}. Remove it first, or choose another.`,
    );
  }
};
