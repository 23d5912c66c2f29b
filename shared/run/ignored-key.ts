/**
 * Why a key names no data, to complete the sentence "… was ignored: "; undefined when it does. Hive, Spark, Athena and
 * Glue pass over the same names: a writer's unfinished files, and the marks that it leaves when it is done.
 */
export const ignoredBecause = (key: string): string | undefined => {
  const names = key.split('/');
  const hidden = names.find((name) => /^[_.]/.test(name));
  if (hidden !== undefined)
    return `${JSON.stringify(hidden)} begins with "${hidden[0]}", as names of temporary files do`;
  return names.at(-1)?.endsWith('_$folder$') ? 'it marks a folder, and holds no data' : undefined;
};
