const ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text on one line, with control characters escaped: data must not be able to command a terminal. */
export const printable = (text: string): string =>
  text.replaceAll(
    /\p{Cc}/gu,
    (control) => ESCAPES[control] ?? `\\x${(control.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
  );

/** A message on one line: its first line, and the first entry of the list that follows it. */
export const gist = (message: string): string => {
  const [summary = '', entry = ''] = message.split('\n');
  return `${summary} ${entry.trim()}`.trim();
};

const INTEGER = new Intl.NumberFormat('en-US');

/** `3,201` */
export const count = (value: number): string => INTEGER.format(value);

/** `1 row`, `2 rows` */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;
