/** File systems take names of up to 255 bytes. */
const MAX_NAME_BYTES = 255;

const isFileName = (name: string): boolean =>
  name !== '' &&
  name !== '.' &&
  name !== '..' &&
  !/[\0\\]/.test(name) &&
  Buffer.byteLength(name) <= MAX_NAME_BYTES;

/**
 * Whether a key, taken as a relative path, names one file below the folder it is joined to, and maps back
 * to itself. S3 allows keys that do not: `a//b`, `../a`, a NUL, a name of 1,000 bytes. Backslashes are
 * refused because they separate folders on some systems and not on others.
 */
export const isPathSafe = (key: string): boolean => key.split('/').every(isFileName);

/** Whether a part of the key starts with a dot: such files are the store's own, or an editor's, or the system's. */
export const isHidden = (key: string): boolean => key.split('/').some((name) => name.startsWith('.'));
