import { isUtf8 } from 'node:buffer';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { unlessMissing } from '../../shared/base/files.ts';
import { InvalidInput } from '../../shared/errors.ts';

/** Finds files whose names are not UTF-8: nobody can open them by the text that such a name reads as. */
export class UnreadableNames {
  readonly #root: string;
  readonly #report: (key: string, error: unknown) => void;
  readonly #reported = new Set<string>();

  constructor(root: string, report: (key: string, error: unknown) => void) {
    this.#root = root;
    this.#report = report;
  }

  /** Reports each such file in the folder once. */
  async reportIn(folder: string): Promise<void> {
    for (const name of (await unlessMissing(readdir(folder, { encoding: 'buffer' }))) ?? []) {
      const id = `${folder}/${name.toString('latin1')}`;
      if (isUtf8(name) || this.#reported.has(id)) continue;
      this.#reported.add(id);
      const key = path
        .relative(this.#root, path.join(folder, name.toString('utf8')))
        .split(path.sep)
        .join('/');
      this.#report(
        key,
        new InvalidInput(`${JSON.stringify(key)} cannot be a key: the name is not UTF-8. Rename the file.`),
      );
    }
  }
}

/** The folder that an event of the watcher came from. */
export const watchedFolderOf = (details: unknown): string | undefined =>
  typeof details === 'object' &&
  details !== null &&
  'watchedPath' in details &&
  typeof details.watchedPath === 'string'
    ? details.watchedPath
    : undefined;
