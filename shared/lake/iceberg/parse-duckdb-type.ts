import type { PrimitiveType, UnassignedType } from './types.ts';

/** Parses types as DuckDB's DESCRIBE prints them: `MAP(VARCHAR, STRUCT(a INTEGER, "b c" DATE[])[3])`. */

const PRIMITIVES: Record<string, PrimitiveType> = {
  BOOLEAN: 'boolean',
  TINYINT: 'int',
  SMALLINT: 'int',
  INTEGER: 'int',
  UTINYINT: 'int',
  USMALLINT: 'int',
  UINTEGER: 'long',
  BIGINT: 'long',
  UBIGINT: 'decimal(20, 0)',
  FLOAT: 'float',
  DOUBLE: 'double',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  TIMESTAMP_NS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  VARCHAR: 'string',
  JSON: 'string',
  UUID: 'uuid',
  BLOB: 'binary',
};

/** Quoted names, quoted values, words (including `X WITH TIME ZONE`), numbers, and the punctuation between them. */
const TOKEN = /"(?:[^"]|"")*"|'(?:[^']|'')*'|[^\s"'()[\],]+(?: WITH TIME ZONE)?|[()[\],]/g;

/** The Iceberg type for a DuckDB type; undefined if the text is not a type, or Iceberg has no type for it. */
export const parseDuckDbType = (text: string): UnassignedType | undefined => {
  const reader = new Tokens(text.match(TOKEN) ?? []);
  const type = readType(reader);
  return reader.peek() === undefined ? type : undefined;
};

class Tokens {
  private at = 0;
  private readonly tokens: readonly string[];
  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }
  peek(): string | undefined {
    return this.tokens[this.at];
  }
  next(): string | undefined {
    this.at += 1;
    return this.tokens[this.at - 1];
  }
  /** Consumes the next token if it is this one; returns whether it was. */
  take(token: string): boolean {
    if (this.peek() !== token) return false;
    this.at += 1;
    return true;
  }
}

const readType = (tokens: Tokens): UnassignedType | undefined => {
  let type = readPlain(tokens);
  // Iceberg has no arrays of a fixed length: they are stored as lists.
  while (type !== undefined && tokens.take('[')) {
    if (!tokens.take(']')) {
      tokens.next();
      if (!tokens.take(']')) return undefined;
    }
    type = { type: 'list', element: type };
  }
  return type;
};

const readPlain = (tokens: Tokens): UnassignedType | undefined => {
  const name = tokens.next();
  if (name === undefined) return undefined;
  if (!tokens.take('(')) return Object.hasOwn(PRIMITIVES, name) ? PRIMITIVES[name] : undefined;
  if (name === 'STRUCT') return readStruct(tokens);
  if (name === 'MAP') {
    const key = readType(tokens);
    const value = tokens.take(',') ? readType(tokens) : undefined;
    return key !== undefined && value !== undefined && tokens.take(')')
      ? { type: 'map', key, value }
      : undefined;
  }
  const parameters: string[] = [];
  while (!tokens.take(')')) {
    const parameter = tokens.next();
    if (parameter === undefined) return undefined;
    if (parameter !== ',') parameters.push(parameter);
  }
  if (name === 'ENUM') return 'string';
  return name === 'DECIMAL' ? `decimal(${Number(parameters[0])}, ${Number(parameters[1])})` : undefined;
};

const readStruct = (tokens: Tokens): UnassignedType | undefined => {
  const fields: { name: string; type: UnassignedType }[] = [];
  do {
    const name = tokens.next();
    const type = readType(tokens);
    if (name === undefined || type === undefined) return undefined;
    fields.push({ name: name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name, type });
  } while (tokens.take(','));
  return tokens.take(')') ? { type: 'struct', fields } : undefined;
};
