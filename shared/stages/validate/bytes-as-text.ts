import { ident } from '../../engine/sql.ts';
import { textOfBytes } from './typed-value.ts';

/** A part of a DuckDB type's name that is read as one: a quoted name, a bracket, a comma, or a word. */
const TOKEN = /"(?:[^"]|"")*"|'(?:[^']|'')*'|[(),[\]]|[^\s(),[\]"']+/g;

type Type =
  | { kind: 'bytes' | 'other' }
  | { kind: 'list'; of: Type }
  | { kind: 'struct'; members: { name: string; type: Type }[] }
  | { kind: 'map'; key: Type; value: Type };

/**
 * SQL that gives a value the form that `to_json` writes well: bytes anywhere within it become text as a column of bytes
 * does, by UTF-8, where `to_json` would escape every character beyond ASCII.
 *
 * @param value a column's name
 * @param type its DuckDB type, as DESCRIBE prints it
 */
export const withTextForBytes = (value: string, type: string): string =>
  convert(value, parse(type.match(TOKEN) ?? []), 0) ?? value;

/** Undefined where nothing changes. */
const convert = (value: string, type: Type, depth: number): string | undefined => {
  const each = `_each${depth}`;
  switch (type.kind) {
    case 'bytes':
      return textOfBytes(value);
    case 'list': {
      const converted = convert(each, type.of, depth + 1);
      return converted && `list_transform(${value}, lambda ${each}: ${converted})`;
    }
    case 'struct': {
      const members = type.members.map(({ name, type: of }) => {
        const member = `${value}.${ident(name)}`;
        return { name, member, converted: convert(member, of, depth) };
      });
      if (members.every(({ converted }) => converted === undefined)) return undefined;
      const packed = members.map(({ name, member, converted }) => `${ident(name)} := ${converted ?? member}`);
      return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${packed.join(', ')}) END`;
    }
    case 'map': {
      const [key, entry] = [`${each}.key`, `${each}.value`];
      const keys = convert(key, type.key, depth + 1);
      const values = convert(entry, type.value, depth + 1);
      if (keys === undefined && values === undefined) return undefined;
      return `map_from_entries(list_transform(map_entries(${value}), lambda ${each}: {'key': ${keys ?? key}, 'value': ${values ?? entry}}))`;
    }
    default:
      return undefined;
  }
};

/** Reads the name of a type, such as `STRUCT(a BLOB, "b c" MAP(VARCHAR, BLOB))[]`. */
const parse = (tokens: readonly string[]): Type => {
  let at = 0;
  const read = (): Type => {
    const word = tokens[at++];
    let type: Type = { kind: word === 'BLOB' ? 'bytes' : 'other' };
    if (tokens[at] === '(') type = readArguments(word);
    // TIMESTAMP WITH TIME ZONE
    while (at < tokens.length && /^\w/.test(tokens[at] ?? '')) at++;
    while (tokens[at] === '[') {
      at = tokens.indexOf(']', at) + 1;
      type = { kind: 'list', of: type };
    }
    return type;
  };
  const readArguments = (word: string | undefined): Type => {
    const members: { name: string; type: Type }[] = [];
    const named = word === 'STRUCT';
    do {
      at++;
      const name = named ? nameOf(tokens[at++] ?? '') : '';
      members.push({ name, type: read() });
    } while (tokens[at] === ',');
    at++;
    const [first, second] = members;
    if (named) return { kind: 'struct', members };
    if (word === 'MAP' && first !== undefined && second !== undefined)
      return { kind: 'map', key: first.type, value: second.type };
    return { kind: 'other' };
  };
  return read();
};

const nameOf = (token: string): string =>
  token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token;
