import { printable } from '../base/text.ts';

/** The command that runs the newest version of a raw file again. The key is quoted for a shell where it has to be. */
export const replayCommand = (key: string): string => {
  const plain = /^[\w./=@:+][\w./=@:+-]*$/.test(key);
  return `duckstep replay ${plain ? key : `'${printable(key).replaceAll("'", String.raw`'\''`)}'`}`;
};
