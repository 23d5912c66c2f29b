import { literal, literalList } from '../../engine/sql.ts';

/**
 * SQL about JSON documents whose keys may repeat and whose numbers may be NaN: DuckDB accepts both, RFC 8259 has neither.
 * The parameters of lambdas begin with an underscore, as a contract's column may have any other name.
 */

/** SQL of the keys to which an object gives several values: an empty list or NULL where there are none. */
export const repeatedKeys = (doc: string): string => `CASE WHEN ${hasRepeats(doc)}
  THEN list_transform([{'keys': json_keys(${doc}), 'texts': json_extract(${doc}, '$.*')}], lambda _o:
    list_filter(list_distinct(_o.keys), lambda _k:
      len(list_distinct(list_filter(_o.texts, lambda _t, _i: _o.keys[_i] = _k))) > 1))[1] END`;

/**
 * SQL of the keys of an object whose values hold an object, up to some levels deeper, with several values under one key: a
 * list, empty where there are none.
 */
export const keysOfRepeats = (doc: string, levels: number): string => {
  let fragments = '[_t]';
  const terms: string[] = [];
  for (let level = 1; level <= levels; level++) {
    const [object, parent] = [`_j${level}`, `_p${level}`];
    terms.push(
      `len(list_filter(${fragments}, lambda ${object}: coalesce(len(${repeatedKeys(object)}), 0) > 0)) > 0`,
    );
    fragments = `flatten(list_transform(${fragments}, lambda ${parent}: list_concat(json_extract(${parent}, '$.*'), json_extract(${parent}, '$[*]'))))`;
  }
  return `list_distinct(list_transform(
    list_filter(list_zip(json_keys(${doc}), json_extract(${doc}, '$.*')), lambda _z: list_transform([_z[2]], lambda _t: ${terms.join(' OR ')})[1]),
    lambda _z: _z[1]))`;
};

/** SQL that is true for an object that holds a key twice. */
export const hasRepeats = (doc: string): string => `list_unique(json_keys(${doc})) < len(json_keys(${doc}))`;

/**
 * SQL of an object without some of its keys.
 *
 * @param repeats whether keys may repeat: the text that results holds each of them once, with its first value
 */
export const withoutKeys = (doc: string, keys: readonly string[], repeats: boolean): string => {
  const patch = JSON.stringify(Object.fromEntries(keys.map((key) => [key, null])));
  const patched = `CAST(json_merge_patch(CAST(${doc} AS JSON), ${literal(patch)}) AS VARCHAR)`;
  if (!repeats) return patched;
  const members = `list_transform([{'keys': json_keys(${doc}), 'texts': json_extract(${doc}, '$.*')}], lambda _o:
    list_transform(
      list_filter(_o.keys, lambda _k, _i: list_position(_o.keys, _k) = _i AND NOT list_contains(CAST(${literalList(keys)} AS VARCHAR[]), _k)),
      lambda _k: CAST(to_json(_k) AS VARCHAR) || ':' || CAST(_o.texts[list_position(_o.keys, _k)] AS VARCHAR)))[1]`;
  return `CASE WHEN ${hasRepeats(doc)} THEN '{' || array_to_string(${members}, ',') || '}' ELSE ${patched} END`;
};

/** A string, or what is no JSON but read by DuckDB as a number, or any other text. */
const TOKENS = String.raw`"(?:[^"\\]|\\.)*"|-?(?i:nan|infinity|inf)|[^"nNiI-]+|.`;
export const NOT_NUMBERS = ['nan', 'inf', 'infinity', '-nan', '-inf', '-infinity'];

/** SQL that writes NaN and Infinity as texts in JSON, so that every reader accepts it. Strings stay unchanged. */
export const strictJson = (json: string): string => {
  const tokens = `regexp_extract_all(${json}, ${literal(TOKENS)}, 0, 's')`;
  const quoted = `list_transform(${tokens}, lambda _t: CASE WHEN lower(_t) IN (${NOT_NUMBERS.map(literal).join(', ')}) THEN '"' || _t || '"' ELSE _t END)`;
  return `CASE WHEN ${maybeLax(json)} THEN array_to_string(${quoted}, '') ELSE ${json} END`;
};

/** SQL that is true for JSON that only DuckDB accepts: with NaN, Infinity, or a comma before a closing bracket. */
export const isLaxJson = (json: string): string => {
  const bare = `regexp_replace(${json}, ${literal(String.raw`"(?:[^"\\]|\\.)*"`)}, '""', 'gs')`;
  return `(regexp_matches(${json}, ${literal(LAX)}) AND regexp_matches(${bare}, ${literal(LAX)}))`;
};

const LAX = String.raw`(?i)nan|inf|,\s*[\]}]`;

const maybeLax = (json: string): string =>
  ['NaN', 'Infinity', 'nan', 'inf'].map((word) => `contains(${json}, '${word}')`).join(' OR ');

/** Names of which none occurs twice: the second `x` becomes `x_2`. JSON readers keep only one value of a repeated key. */
export const uniqueNames = (names: readonly string[]): string[] => {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let n = 2; seen.has(unique) || (unique !== name && taken.has(unique)); n++) unique = `${name}_${n}`;
    seen.add(unique);
    return unique;
  });
};
