import { pointerTo } from '../../engine/sql.ts';

/** The keys that a JSON Pointer (RFC 6901) names, from the outermost on. */
export const keysOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The JSON Pointer of these keys. */
export const pointerOf = (keys: readonly string[]): string => keys.map(pointerTo).join('');
