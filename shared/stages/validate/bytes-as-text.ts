import { convertNested } from '../../engine/nested-values.ts';
import { textOfBytes } from './typed-value.ts';

/**
 * SQL that gives a value the form that `to_json` writes well: bytes anywhere within it become text as a column of bytes
 * does, by UTF-8, where `to_json` would escape every character beyond ASCII.
 *
 * @param value a column's name
 * @param type its DuckDB type, as DESCRIBE prints it
 */
export const withTextForBytes = (value: string, type: string): string =>
  convertNested(value, type, (bytes, { name }) => (name === 'BLOB' ? textOfBytes(bytes) : undefined));
