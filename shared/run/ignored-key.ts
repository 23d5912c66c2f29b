import { matchesGlob } from '../base/glob.ts';

/**
 * Why a key names no data, to complete the sentence "… was ignored: "; undefined when it does. Hive, Spark, Athena and
 * Glue pass over the same names: a writer's unfinished files, and the marks that it leaves when it is done. A contract
 * may name further keys, but no exception: on AWS no execution starts for these names, before any contract is read.
 *
 * @param key `<dataset>/…`
 * @param patterns the `ignoredKeys` of the dataset's contract, as far as it is known
 */
export const ignoredBecause = (key: string, patterns: readonly string[] = []): string | undefined => {
  const names = key.split('/');
  const hidden = names.find((name) => /^[_.]/.test(name));
  if (hidden !== undefined)
    return `${JSON.stringify(hidden)} begins with "${hidden[0]}", as names of temporary files do`;
  if (names.at(-1)?.endsWith('_$folder$')) return 'it marks a folder, and holds no data';
  const below = names.slice(1).join('/');
  const pattern = patterns.find((each) => matchesGlob(below, each));
  return pattern === undefined
    ? undefined
    : `it matches ${JSON.stringify(pattern)}, one of the ignoredKeys of its contract`;
};
