import type { Schema } from '../iceberg/types.ts';

/** Field id of the data file's URI in a file of position deletes, reserved by the specification. */
export const FILE_PATH = 2147483546;

/** Columns of a file of position deletes, with the field ids that the specification reserves for them. */
export const DELETES: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: FILE_PATH, name: 'file_path', required: true, type: 'string' },
    { id: 2147483545, name: 'pos', required: true, type: 'long' },
  ],
};
