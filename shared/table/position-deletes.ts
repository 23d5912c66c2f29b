import type { Schema } from '../iceberg/types.ts';

/** Columns of a file of position deletes, with the field ids that the specification reserves for them. */
export const DELETES: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 2147483546, name: 'file_path', required: true, type: 'string' },
    { id: 2147483545, name: 'pos', required: true, type: 'long' },
  ],
};
