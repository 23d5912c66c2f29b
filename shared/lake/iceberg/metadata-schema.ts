import { z } from 'zod';
import { TableDamaged } from '../../errors.ts';
import { parseTransform } from './transforms.ts';
import type {
  PartitionField,
  PartitionSpec,
  PrimitiveType,
  Schema,
  TableMetadata,
  Transform,
  Type,
} from './types.ts';

/**
 * The schema of a table's metadata (Iceberg specification, "Table Metadata Fields" and "Appendix C"). Unknown keys are kept,
 * so that a rewrite does not lose what another writer put there.
 */

const whole = z.int().nonnegative();
const id = z.int().positive();

const PRIMITIVE =
  /^(boolean|int|long|float|double|date|time|timestamp|timestamptz|string|uuid|binary|decimal\(\d+, \d+\)|fixed\[\d+\])$/;
/** The specification also allows `decimal(9,2)`. */
const withSpace = (type: string) => type.replace(/^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/, 'decimal($1, $2)');

const primitive = z
  .string()
  .overwrite(withSpace)
  .regex(PRIMITIVE, 'not a type of format version 2')
  .transform((type) => type as PrimitiveType);

const fields = z.array(
  z.looseObject({
    id: z.int(),
    name: z.string(),
    required: z.boolean(),
    get type() {
      return type;
    },
    doc: z.string().exactOptional(),
  }),
);
const type: z.ZodType<Type> = z.lazy(() =>
  z.union([
    primitive,
    z.looseObject({ type: z.literal('struct'), fields }),
    z.looseObject({
      type: z.literal('list'),
      'element-id': z.int(),
      'element-required': z.boolean(),
      element: type,
    }),
    z.looseObject({
      type: z.literal('map'),
      'key-id': z.int(),
      key: type,
      'value-id': z.int(),
      'value-required': z.boolean(),
      value: type,
    }),
  ]),
);

export const schema: z.ZodType<Schema> = z.looseObject({
  type: z.literal('struct'),
  'schema-id': whole,
  fields,
  'identifier-field-ids': z.array(z.int()).exactOptional(),
});

const partitionFields = z.array(
  z.looseObject({
    'source-id': z.int(),
    'field-id': whole,
    name: z.string(),
    transform: z.string().transform((text, context): Transform => {
      const transform = parseTransform(text);
      if (transform !== undefined) return transform;
      context.addIssue('not a transform that is supported');
      return z.NEVER;
    }),
  }),
);

export const partitionSpec: z.ZodType<PartitionSpec> = z.looseObject({
  'spec-id': whole,
  fields: partitionFields,
});

const snapshot = z.looseObject({
  'snapshot-id': id,
  'parent-snapshot-id': id.exactOptional(),
  'sequence-number': whole,
  'timestamp-ms': whole,
  'manifest-list': z.string(),
  summary: z.object({ operation: z.enum(['append', 'replace', 'overwrite', 'delete']) }).catchall(z.string()),
  'schema-id': whole.exactOptional(),
});

const metadata = z.looseObject({
  'format-version': z.literal(2),
  'table-uuid': z.string(),
  location: z.string(),
  'last-sequence-number': whole,
  'last-updated-ms': whole,
  'last-column-id': whole,
  schemas: z.array(schema),
  'current-schema-id': whole,
  'partition-specs': z.array(partitionSpec),
  'default-spec-id': whole,
  'last-partition-id': whole,
  properties: z.record(z.string(), z.string()).default({}),
  // Older writers use -1 for none.
  'current-snapshot-id': z
    .union([id, z.literal(-1), z.null()])
    .optional()
    .transform((current) => (current === -1 ? null : (current ?? null))),
  snapshots: z.array(snapshot).default([]),
  'snapshot-log': z.array(z.looseObject({ 'timestamp-ms': whole, 'snapshot-id': id })).default([]),
  'metadata-log': z.array(z.looseObject({ 'timestamp-ms': whole, 'metadata-file': z.string() })).default([]),
  'sort-orders': z.array(z.looseObject({ 'order-id': whole, fields: z.array(z.unknown()) })),
  'default-sort-order-id': whole,
  refs: z
    .record(z.string(), z.looseObject({ 'snapshot-id': id, type: z.enum(['branch', 'tag']) }))
    .default({}),
});

/**
 * The schema and partition fields that a manifest has in its header, as JSON.
 *
 * @param where the manifest's location, for messages
 * @throws TableDamaged when they are missing or not of format version 2
 */
export const parseManifestTypes = (
  header: Record<string, string>,
  where: string,
): { schema: Schema; fields: PartitionField[] } => {
  const parse = <T>(key: string, kind: z.ZodType): T => {
    try {
      return kind.parse(JSON.parse(header[key] ?? '')) as T;
    } catch (cause) {
      throw new TableDamaged(
        `${where} is not a manifest that can be read: its "${key}" is not as format version 2 requires. ` +
          'Restore the object, or use an engine that knows what the table uses.',
        { cause },
      );
    }
  };
  return { schema: parse('schema', schema), fields: parse('partition-spec', partitionFields) };
};

/**
 * Parses a `v<N>.metadata.json`. Lists that a writer may omit become empty lists.
 *
 * @param where the file's location, for messages
 * @throws TableDamaged when it is not metadata of format version 2, an id refers to nothing, or an id is too large for a
 *   JavaScript number
 */
export const parseMetadata = (text: string, where: string): TableMetadata => {
  const refuse = (reason: string, cause?: unknown) =>
    new TableDamaged(
      `${where} is not Iceberg table metadata that can be read: ${reason}. ` +
        'Restore the object, or use an engine that knows what the table uses.',
      { cause },
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuse('not JSON', cause);
  }
  const parsed = metadata.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`, parsed.error);
  }
  const table = withMain(parsed.data as unknown as TableMetadata);
  const dangling = danglingId(table);
  if (dangling !== undefined) throw refuse(`${dangling} names nothing`);
  return table;
};

/** Adds the `main` branch, which a table always has ("Snapshot References"), if a writer omitted `refs`. */
const withMain = (table: TableMetadata): TableMetadata => {
  const current = table['current-snapshot-id'];
  if (current === null || table.refs.main !== undefined) return table;
  return { ...table, refs: { ...table.refs, main: { 'snapshot-id': current, type: 'branch' } } };
};

const danglingId = (table: TableMetadata): string | undefined => {
  const snapshots = new Set(table.snapshots.map((entry) => entry['snapshot-id']));
  const current = table['current-snapshot-id'];
  const schemas = new Set(table.schemas.map((entry) => entry['schema-id']));
  const specs = new Set(table['partition-specs'].map((entry) => entry['spec-id']));
  if (!schemas.has(table['current-schema-id'])) return 'current-schema-id';
  if (!specs.has(table['default-spec-id'])) return 'default-spec-id';
  if (current !== null && !snapshots.has(current)) return 'current-snapshot-id';
  for (const [name, ref] of Object.entries(table.refs)) {
    if (!snapshots.has(ref['snapshot-id'])) return `refs.${name}.snapshot-id`;
  }
  if (current !== null && table.refs.main?.['snapshot-id'] !== current) return 'refs.main.snapshot-id';
  return undefined;
};
