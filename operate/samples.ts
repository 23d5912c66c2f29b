import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { unlessMissing } from '../shared/base/files.ts';
import type { Upload } from './uploads.ts';

/** The files of `samples/<dataset>/`, and real data from the package vega-datasets. */
export const sampleFiles = async (root: string): Promise<Upload[]> => {
  const folder = path.join(root, 'samples');
  const entries = (await unlessMissing(readdir(folder, { recursive: true, withFileTypes: true }))) ?? [];
  const own = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((file) => file.includes(path.sep))
    .toSorted()
    .map((file) => ({ file: path.join(folder, file), key: file.split(path.sep).join('/') }));
  const main = createRequire(path.join(root, 'package.json')).resolve('vega-datasets');
  const vega = path.join(path.dirname(main), '..', 'data');
  return [
    ...own,
    { file: path.join(vega, 'seattle-weather.csv'), key: 'weather/seattle-weather.csv' },
    { file: path.join(vega, 'movies.json'), key: 'movies/movies.json' },
    { file: path.join(vega, 'flights-3m.parquet'), key: 'flights/flights-3m.parquet' },
  ];
};
