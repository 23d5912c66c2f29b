import { ident } from './sql.ts';

/** A part of a DuckDB type's name that is read as one: a quoted name, a bracket, a comma, or a word. */
const TOKEN = /"(?:[^"]|"")*"|'(?:[^']|'')*'|[(),[\]]|[^\s(),[\]"']+/g;

type Type =
  | { kind: 'leaf'; name: string; index: number }
  | { kind: 'list'; of: Type }
  | { kind: 'struct'; members: { name: string; type: Type }[] }
  | { kind: 'map'; key: Type; value: Type };

/** A type that holds no other, and its position among those of the whole type. */
export interface Leaf {
  /** Its first word: `TIMESTAMP` for a timestamp with a time zone too. */
  name: string;
  index: number;
}

/** SQL that converts a value of this type; undefined where it stays. */
export type ConvertLeaf = (value: string, leaf: Leaf) => string | undefined;

/**
 * SQL that converts values anywhere within a value.
 *
 * @param value a column's name
 * @param type its DuckDB type, as DESCRIBE prints it
 */
export const convertNested = (value: string, type: string, convertLeaf: ConvertLeaf): string =>
  convert(value, parse(type.match(TOKEN) ?? []), 0, convertLeaf) ?? value;

/** Undefined where nothing changes. */
const convert = (value: string, type: Type, depth: number, leafOf: ConvertLeaf): string | undefined => {
  const each = `_each${depth}`;
  switch (type.kind) {
    case 'leaf':
      return leafOf(value, type);
    case 'list': {
      const converted = convert(each, type.of, depth + 1, leafOf);
      return converted && `list_transform(${value}, lambda ${each}: ${converted})`;
    }
    case 'struct': {
      const members = type.members.map(({ name, type: of }) => {
        const member = `${value}.${ident(name)}`;
        return { name, member, converted: convert(member, of, depth, leafOf) };
      });
      if (members.every(({ converted }) => converted === undefined)) return undefined;
      const packed = members.map(({ name, member, converted }) => `${ident(name)} := ${converted ?? member}`);
      return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${packed.join(', ')}) END`;
    }
    case 'map': {
      const [key, entry] = [`${each}.key`, `${each}.value`];
      const keys = convert(key, type.key, depth + 1, leafOf);
      const values = convert(entry, type.value, depth + 1, leafOf);
      if (keys === undefined && values === undefined) return undefined;
      return `map_from_entries(list_transform(map_entries(${value}), lambda ${each}: {'key': ${keys ?? key}, 'value': ${values ?? entry}}))`;
    }
  }
};

/** Reads the name of a type, such as `STRUCT(a BLOB, "b c" MAP(VARCHAR, BLOB))[]`. */
const parse = (tokens: readonly string[]): Type => {
  let at = 0;
  let leaves = 0;
  const read = (): Type => {
    const word = tokens[at++] ?? '';
    let type: Type = tokens[at] === '(' ? readArguments(word) : { kind: 'leaf', name: word, index: leaves++ };
    // TIMESTAMP WITH TIME ZONE
    while (at < tokens.length && /^\w/.test(tokens[at] ?? '')) at++;
    while (tokens[at] === '[') {
      at = tokens.indexOf(']', at) + 1;
      type = { kind: 'list', of: type };
    }
    return type;
  };
  const readArguments = (word: string): Type => {
    if (word !== 'STRUCT' && word !== 'MAP') {
      // DECIMAL(10,2)
      at = tokens.indexOf(')', at) + 1;
      return { kind: 'leaf', name: word, index: leaves++ };
    }
    const members: { name: string; type: Type }[] = [];
    do {
      at++;
      const name = word === 'STRUCT' ? nameOf(tokens[at++] ?? '') : '';
      members.push({ name, type: read() });
    } while (tokens[at] === ',');
    at++;
    const [first, second] = members;
    return word === 'MAP' && first !== undefined && second !== undefined
      ? { kind: 'map', key: first.type, value: second.type }
      : { kind: 'struct', members };
  };
  return read();
};

const nameOf = (token: string): string =>
  token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token;
