/**
 * The part of the Open Data Contract Standard v3.1 that duckstep reads, as zod schemas.
 *
 * A key that the standard does not define at its place is an error: mostly it is misspelled. A key that the standard
 * defines and duckstep does not use is `unused` and may hold anything.
 * https://bitol-io.github.io/open-data-contract-standard/v3.1.0/
 */
import { z } from 'zod';
import { DIMENSIONS } from './model.ts';

const unused = z.unknown().optional();
const text = z.string().min(1, 'a text that is not empty');

export const OdcsDocument = z.strictObject({
  apiVersion: z.literal('v3.1.0'),
  kind: z.literal('DataContract'),
  id: text,
  version: text,
  status: text,
  name: unused,
  tenant: unused,
  tags: unused,
  domain: unused,
  dataProduct: unused,
  servers: unused,
  description: z.looseObject({ purpose: z.string().optional() }).optional(),
  schema: z.array(z.unknown()),
  support: unused,
  price: unused,
  team: unused,
  roles: unused,
  slaDefaultElement: unused,
  slaProperties: z.array(z.unknown()).optional(),
  authoritativeDefinitions: unused,
  customProperties: z.array(z.unknown()).optional(),
  contractCreatedTs: unused,
});
export type OdcsDocument = z.infer<typeof OdcsDocument>;

export const OdcsObject = z.strictObject({
  id: unused,
  name: text,
  physicalName: unused,
  physicalType: unused,
  logicalType: z.literal('object').optional(),
  description: z.string().optional(),
  businessName: unused,
  dataGranularityDescription: unused,
  authoritativeDefinitions: unused,
  tags: unused,
  relationships: unused,
  properties: z.array(z.unknown()).min(1, 'at least one property'),
  quality: z.array(z.unknown()).optional(),
  customProperties: z.array(z.unknown()).optional(),
});

const position = z.int().min(1, 'a position, counted from 1').optional();

/** The standard's StableId. */
const stableId = z.string().regex(/^[A-Za-z0-9_-]+$/, 'letters, digits, _ and -');

export const OdcsProperty = z.strictObject({
  id: stableId.optional(),
  name: text,
  physicalName: text.optional(),
  physicalType: z.string().optional(),
  logicalType: z.enum([
    'string',
    'date',
    'timestamp',
    'time',
    'number',
    'integer',
    'object',
    'array',
    'boolean',
  ]),
  logicalTypeOptions: z.record(z.string(), z.unknown()).optional(),
  description: z.string().optional(),
  businessName: unused,
  required: z.boolean().optional(),
  unique: z.boolean().optional(),
  primaryKey: z.boolean().optional(),
  primaryKeyPosition: position,
  partitioned: z.boolean().optional(),
  partitionKeyPosition: position,
  classification: unused,
  encryptedName: unused,
  examples: unused,
  criticalDataElement: unused,
  transformSourceObjects: unused,
  transformLogic: text.optional(),
  transformDescription: unused,
  authoritativeDefinitions: unused,
  tags: unused,
  relationships: unused,
  properties: unused,
  items: unused,
  quality: z.array(z.unknown()).optional(),
  customProperties: z.array(z.unknown()).optional(),
});
export type OdcsProperty = z.infer<typeof OdcsProperty>;

const length = z.int().min(0, '0 or more').optional();
const factor = z.number().positive('more than 0').optional();
const range = <T extends z.ZodType>(limit: T) => ({
  minimum: limit.optional(),
  maximum: limit.optional(),
  exclusiveMinimum: limit.optional(),
  exclusiveMaximum: limit.optional(),
});
/** The standard's i128 and u128 are missing: Parquet has no such integers, and DuckDB would write them as DOUBLE. */
const integers = ['i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64'] as const;
const clock = {
  format: text.optional(),
  ...range(text),
  timezone: z.boolean().optional(),
  // duckstep does not convert between zones, so only UTC is accepted.
  defaultTimezone: z.enum(['Etc/UTC', 'UTC']).optional(),
};

/** `logicalTypeOptions` by logical type. The limits of objects and arrays are known here; `readColumn` reports them. */
export const OdcsOptions = {
  string: z.strictObject({
    minLength: length,
    maxLength: length,
    pattern: text.optional(),
    format: text.optional(),
  }),
  date: z.strictObject({ format: text.optional(), ...range(text) }),
  timestamp: z.strictObject(clock),
  time: z.strictObject(clock),
  integer: z.strictObject({ format: z.enum(integers).optional(), multipleOf: factor, ...range(z.number()) }),
  number: z.strictObject({
    format: z.enum(['f32', 'f64']).optional(),
    multipleOf: factor,
    ...range(z.number()),
  }),
  object: z.strictObject({ minProperties: unused, maxProperties: unused, required: unused }),
  array: z.strictObject({ minItems: unused, maxItems: unused, uniqueItems: unused }),
  boolean: z.strictObject({}),
};

const scalar = z.union([z.string(), z.number(), z.boolean()], 'a text, a number, true or false');
const between = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, 'the lower number first');

export const OdcsOperators = z.object({
  mustBe: scalar.optional(),
  mustNotBe: scalar.optional(),
  mustBeGreaterThan: z.number().optional(),
  mustBeGreaterOrEqualTo: z.number().optional(),
  mustBeLessThan: z.number().optional(),
  mustBeLessOrEqualTo: z.number().optional(),
  mustBeBetween: between.optional(),
  mustNotBeBetween: between.optional(),
});

export const OdcsQuality = z.strictObject({
  id: text.optional(),
  name: text.optional(),
  description: z.string().optional(),
  type: z.enum(['text', 'library', 'sql', 'custom']).optional(),
  metric: z.enum(['nullValues', 'missingValues', 'invalidValues', 'duplicateValues', 'rowCount']).optional(),
  rule: unused,
  arguments: z
    .strictObject({
      missingValues: z.array(z.union([scalar, z.null()])).optional(),
      validValues: z.array(scalar).min(1, 'at least one value').optional(),
      pattern: text.optional(),
      properties: z.array(text).min(1, 'at least one property').optional(),
    })
    .optional(),
  query: text.optional(),
  engine: unused,
  implementation: unused,
  dimension: z.enum(DIMENSIONS).optional(),
  severity: z.enum(['info', 'warning', 'error', 'critical']).optional(),
  unit: z.enum(['rows', 'percent']).optional(),
  authoritativeDefinitions: unused,
  businessImpact: unused,
  customProperties: unused,
  method: unused,
  schedule: unused,
  scheduler: unused,
  tags: unused,
  ...OdcsOperators.shape,
});
export type OdcsQuality = z.infer<typeof OdcsQuality>;

export const OdcsSla = z.strictObject({
  id: unused,
  property: text,
  value: z.union([z.string(), z.number(), z.boolean(), z.null()]),
  valueExt: unused,
  unit: z.string().optional(),
  element: z.string().optional(),
  driver: unused,
  description: unused,
  scheduler: unused,
  schedule: unused,
});

export const OdcsCustomProperty = z.strictObject({
  id: unused,
  property: text,
  value: z.unknown(),
  description: unused,
});
