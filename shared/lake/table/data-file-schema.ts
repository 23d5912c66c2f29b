import { z } from 'zod';
import type { DataFile } from './data-file.ts';

const NUMBERS = ['size', 'values', 'nulls', 'nans'];
const TEXTS = ['lower', 'upper'];

/**
 * A type guard rather than a schema: a list of 10,000 files has some 200,000 of these, and a schema would copy each.
 * Other keys are allowed.
 */
const isColumns = (value: unknown): value is DataFile['columns'] =>
  isObject(value) && Object.values(value).every(isMetrics);

const isMetrics = (value: unknown): boolean =>
  isObject(value) &&
  NUMBERS.every((name) => value[name] === undefined || typeof value[name] === 'number') &&
  TEXTS.every((name) => value[name] === undefined || typeof value[name] === 'string');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A `DataFile` as JSON. */
export const dataFileSchema = z.object({
  key: z.string(),
  specId: z.number(),
  partition: z.record(z.string(), z.string().nullable()),
  rows: z.number(),
  bytes: z.number(),
  columns: z.custom<DataFile['columns']>(isColumns, 'not metrics of columns'),
  deletes: z.object({ key: z.string(), rows: z.number(), bytes: z.number() }).exactOptional(),
});
