import { UnreadableFile } from '../../errors.ts';

/** How a value is decoded. Named types are shared, so that a schema may be recursive. */
export type Type =
  | { kind: Primitive }
  | { kind: 'fixed'; size: number }
  | { kind: 'enum'; symbols: readonly string[] }
  | { kind: 'record'; fields: readonly Field[] }
  | { kind: 'array'; of: Type }
  | { kind: 'map'; of: Type }
  | { kind: 'union'; branches: readonly Type[] }
  | { kind: 'logical'; of: Type; logical: Logical; scale: number };

export interface Field {
  name: string;
  type: Type;
}

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;
export type Primitive = (typeof PRIMITIVES)[number];

/** The logical types that are read, by the types that may carry them. Others mean nothing: the specification says so. */
const LOGICALS = {
  decimal: ['bytes', 'fixed'],
  uuid: ['fixed'],
  duration: ['fixed'],
  date: ['int'],
  'time-millis': ['int'],
  'time-micros': ['long'],
  'timestamp-millis': ['long'],
  'timestamp-micros': ['long'],
  'timestamp-nanos': ['long'],
  'local-timestamp-millis': ['long'],
  'local-timestamp-micros': ['long'],
  'local-timestamp-nanos': ['long'],
} as const satisfies Record<string, readonly Type['kind'][]>;
export type Logical = keyof typeof LOGICALS;
const SIZES: Partial<Record<Logical, number>> = { uuid: 16, duration: 12 };

const MAX_DEPTH = 200;
/** More decimals than any DECIMAL has; printing takes memory by their number. */
const MAX_SCALE = 1000;

/**
 * Reads a schema: https://avro.apache.org/docs/1.12.0/specification/#schema-declaration
 *
 * @throws UnreadableFile when it is none
 */
export const parseSchema = (json: string): Type => {
  let schema: unknown;
  try {
    schema = JSON.parse(json);
  } catch (cause) {
    throw broken('is no JSON', cause);
  }
  return new SchemaParser().parse(schema, '', 0);
};

const broken = (reason: string, cause?: unknown): UnreadableFile =>
  new UnreadableFile(`The schema of the Avro file ${reason}. Write the file again with a valid schema.`, {
    cause,
  });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPrimitive = (name: string): name is Primitive => PRIMITIVES.some((each) => each === name);

class SchemaParser {
  readonly #named = new Map<string, Type>();

  /** @param namespace that of the type around it */
  parse(schema: unknown, namespace: string, depth: number): Type {
    if (depth > MAX_DEPTH) throw broken('is nested too deeply');
    if (typeof schema === 'string') return this.#byName(schema, namespace);
    if (Array.isArray(schema))
      return { kind: 'union', branches: schema.map((each) => this.parse(each, namespace, depth + 1)) };
    if (!isObject(schema)) throw broken('holds a type that is none');
    const { type } = schema;
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(schema, namespace, depth);
      case 'enum': {
        if (!isTexts(schema.symbols)) throw broken('holds an enum without symbols');
        return this.#define(schema, namespace, { kind: 'enum', symbols: schema.symbols });
      }
      case 'fixed': {
        const { size } = schema;
        if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
          throw broken('holds a fixed type without a size');
        return this.#define(schema, namespace, logicalOf({ kind: 'fixed', size }, schema));
      }
      case 'array':
        return { kind: 'array', of: this.parse(schema.items, namespace, depth + 1) };
      case 'map':
        return { kind: 'map', of: this.parse(schema.values, namespace, depth + 1) };
      default:
        return logicalOf(this.parse(type, namespace, depth + 1), schema);
    }
  }

  #byName(name: string, namespace: string): Type {
    if (isPrimitive(name)) return { kind: name };
    const type = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name);
    if (type === undefined) throw broken('names a type that it does not define');
    return type;
  }

  #record(schema: Record<string, unknown>, around: string, depth: number): Type {
    if (!Array.isArray(schema.fields)) throw broken('holds a record without fields');
    const fields: Field[] = [];
    // The type is defined before its fields, which may name it.
    const type = this.#define(schema, around, { kind: 'record', fields });
    const namespace = namespaceOf(schema, around);
    for (const field of schema.fields) {
      if (!isObject(field) || typeof field.name !== 'string') throw broken('holds a field without a name');
      const { name } = field;
      if (fields.some((each) => each.name === name)) throw broken('holds a field twice in one record');
      fields.push({ name, type: this.parse(field.type, namespace, depth + 1) });
    }
    return type;
  }

  #define<T extends Type>(schema: Record<string, unknown>, around: string, type: T): T {
    if (typeof schema.name !== 'string') throw broken('holds a type without a name');
    const name = fullName(schema.name, namespaceOf(schema, around));
    if (this.#named.has(name)) throw broken('defines a type twice');
    this.#named.set(name, type);
    return type;
  }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

const fullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

const namespaceOf = ({ name, namespace }: Record<string, unknown>, around: string): string => {
  if (typeof name === 'string' && name.includes('.')) return name.slice(0, name.lastIndexOf('.'));
  return typeof namespace === 'string' ? namespace : around;
};

/** The type with the logical type that is stated, where it may carry that. */
const logicalOf = (type: Type, { logicalType, scale = 0 }: Record<string, unknown>): Type => {
  if (typeof logicalType !== 'string' || !isLogical(logicalType)) return type;
  const carriers: readonly string[] = LOGICALS[logicalType];
  const size = SIZES[logicalType];
  if (!carriers.includes(type.kind) || (size !== undefined && type.kind === 'fixed' && type.size !== size))
    return type;
  if (logicalType !== 'decimal') return { kind: 'logical', of: type, logical: logicalType, scale: 0 };
  if (typeof scale !== 'number' || !Number.isSafeInteger(scale) || scale < 0 || scale > MAX_SCALE)
    throw broken(`holds a decimal whose scale is not between 0 and ${MAX_SCALE}`);
  return { kind: 'logical', of: type, logical: logicalType, scale };
};

const isLogical = (name: string): name is Logical => Object.hasOwn(LOGICALS, name);
