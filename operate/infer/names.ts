import path from 'node:path';

/** In characters. */
const MAX_COLUMN_NAME = 128;
/** In characters. */
const MAX_DATASET_NAME = 64;

/** `Release Date`, `releaseDate` → `release_date`: letters, digits and _, a letter first. */
const snakeCase = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .toLowerCase()
    .replace(/^(?=\d)/, 'c_');

/** A name in silver for each name in the source; all names are different. */
export const columnNames = (sourceNames: readonly string[]): string[] => {
  const taken = new Set<string>();
  return sourceNames.map((source, i) => {
    const base = snakeCase(source).slice(0, MAX_COLUMN_NAME - 4) || `column_${i + 1}`;
    let name = base;
    for (let n = 2; taken.has(name); n += 1) name = `${base}_${n}`;
    taken.add(name);
    return name;
  });
};

/** A name for a dataset, derived from its file: `Orders 2024.csv.gz` → `orders_2024`. */
export const datasetName = (file: string): string =>
  snakeCase(path.basename(file).replace(/\..*$/, '')).slice(0, MAX_DATASET_NAME) || 'dataset';
