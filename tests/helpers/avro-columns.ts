interface Column {
  name: string;
  'field-id': number;
  type: unknown;
}
interface Nested {
  type: string;
  fields?: Column[];
  items?: unknown;
  'element-id'?: number;
  logicalType?: string;
}

/** The fields of an Avro schema in the notation of the Iceberg specification: `108 column_sizes optional map<117: int, 118: long>`. */
export const avroColumns = (schema: { fields: Column[] }): string[] =>
  schema.fields.flatMap(({ name, type, 'field-id': id }) => {
    const isOptional = Array.isArray(type) && type[0] === 'null';
    const inner = isOptional ? type[1] : type;
    const line = `${id} ${name} ${isOptional ? 'optional' : 'required'} ${typeName(inner)}`;
    return [line, ...fieldsIn(inner).map((field) => `  ${field}`)];
  });

const typeName = (type: unknown): string => {
  if (typeof type === 'string') return type;
  const { type: kind, items, 'element-id': element, logicalType } = type as Nested;
  if (logicalType === 'map') {
    const pair = (items as Nested).fields ?? [];
    return `map<${pair.map((part) => `${part['field-id']}: ${part.type}`).join(', ')}>`;
  }
  if (kind === 'array') return `list<${element}: ${typeName(items)}>`;
  return logicalType === undefined ? kind : `${logicalType} as ${kind}`;
};

const fieldsIn = (type: unknown): string[] => {
  if (typeof type !== 'object' || type === null) return [];
  const { items, fields, logicalType } = type as Nested;
  if (fields !== undefined) return avroColumns({ fields });
  return logicalType === 'map' ? [] : fieldsIn(items);
};
