import type { StructType, Type } from '../iceberg/types.ts';

const PRIMITIVES: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  int: 'int',
  long: 'bigint',
  float: 'float',
  double: 'double',
  date: 'date',
  timestamp: 'timestamp',
  // Hive lacks timestamptz, time and uuid. Engines read the type from the table's metadata, not from here.
  timestamptz: 'timestamp',
  time: 'string',
  uuid: 'string',
  binary: 'binary',
};

/** The Hive type that the catalog shows for an Iceberg type: `array<struct<id:bigint,name:string>>`. */
export const hiveType = (type: Type): string => {
  if (typeof type === 'string') {
    if (type.startsWith('decimal')) return type.replaceAll(' ', '');
    return type.startsWith('fixed') ? 'binary' : (PRIMITIVES[type] ?? 'string');
  }
  switch (type.type) {
    case 'list':
      return `array<${hiveType(type.element)}>`;
    case 'map':
      return `map<${hiveType(type.key)},${hiveType(type.value)}>`;
    case 'struct':
      return `struct<${type.fields.map(structField).join(',')}>`;
  }
};

/** Replaces `:`, `,`, `<` and `>` in the name, since they have a meaning in Hive's types. */
const structField = ({ name, type }: StructType['fields'][number]): string =>
  `${name.replaceAll(/[:,<>]/g, '_')}:${hiveType(type)}`;
