/** The limit of common file systems. */
const MAX_NAME_BYTES = 255;

const isFileName = (name: string): boolean =>
  name !== '' &&
  name !== '.' &&
  name !== '..' &&
  !/[\0\\]/.test(name) &&
  Buffer.byteLength(name) <= MAX_NAME_BYTES;

/**
 * Whether a key is a relative path that names one file below a folder, and that can be mapped back to the key. S3 also
 * allows other keys: `a//b`, `../a`, a NUL, a name of 1,000 bytes. Backslashes are rejected because they separate
 * folders on some systems only.
 */
export const isPathSafe = (key: string): boolean => key.split('/').every(isFileName);

/** Whether a part of the key begins with a dot: such files belong to the store, an editor or the system. */
export const isHidden = (key: string): boolean => key.split('/').some((name) => name.startsWith('.'));

/** Compares two keys as S3 orders them. */
export const inUtf8Order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
