import { stat } from 'node:fs/promises';
import path from 'node:path';
import { unlessMissing } from '../../shared/base/files.ts';
import { withScratch } from '../../shared/engine/scratch.ts';
import { withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { UsageError } from '../../shared/errors.ts';
import { openSource } from '../../shared/formats/open-source.ts';
import { configFromEnv } from '../../shared/runtime/config.ts';
import { draftContract } from './draft.ts';
import { datasetName } from './names.ts';
import { profileSource } from './profile.ts';

export interface InferOptions {
  /** The project's folder. */
  root: string;
  env: NodeJS.ProcessEnv;
  file: string;
  /** Default: derived from the file's name. */
  dataset?: string | undefined;
}

/**
 * Drafts the contract of a dataset from one file, as YAML.
 *
 * @throws UsageError when there is no such file, or no dataset can have the name
 * @throws UnreadableFile, EmptyFile, DecompressionLimit as Validate does
 */
export const inferContract = async ({
  root,
  env,
  file,
  dataset = datasetName(file),
}: InferOptions): Promise<string> => {
  if (!(await unlessMissing(stat(file)))?.isFile()) throw new UsageError(`${file} is not a file.`);
  const config = configFromEnv(env, { sqlDir: path.join(root, 'sql') });
  return await withScratch(config.scratchRoot, (scratch) =>
    withDuckDb({ ...config, scratch }, async (db) => {
      const source = await openSource(file, { ...config, db, scratch, expected: [] });
      return draftContract(dataset, path.basename(file), await profileSource(db, source));
    }),
  );
};
