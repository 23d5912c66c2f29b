import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { unlessMissing } from '../shared/base/files.ts';
import { UsageError } from '../shared/errors.ts';

/** A local file, and the key under which it goes into raw. */
export interface Upload {
  file: string;
  key: string;
}

/** A file that has been copied into raw. */
export interface Uploaded extends Upload {
  bytes: number;
  /** Its path on a laptop, `s3://bucket/key` on AWS. */
  location: string;
  /** The version of the key that the copy is; undefined where the storage was not asked. */
  versionId?: string;
}

/**
 * The keys of files in a dataset: `<dataset>/<name of the file>`.
 *
 * @throws UsageError when a file is missing or cannot be read, or when two would get the same key
 */
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
