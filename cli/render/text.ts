const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u;
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;

const cells = (character: string): number => (NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** The width of a text, in cells of a terminal. */
export const displayWidth = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + cells(character), 0);

/** The text in at most `width` cells of a terminal, with an ellipsis where it is cut. */
export const cut = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text;
  let [kept, used] = ['', 1];
  for (const character of text) {
    used += cells(character);
    if (used > width) break;
    kept += character;
  }
  return `${kept}…`;
};

export const pad = (text: string, width: number, right = false): string => {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return right ? blanks + text : text + blanks;
};

/** `0.12 s`, `12.3 s`, `2 min 3 s` */
export const duration = (milliseconds: number): string => {
  if (milliseconds < 10_000) return `${(milliseconds / 1_000).toFixed(2)} s`;
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

/** `0.9823`; cut, not rounded: a score below 1 must not look like 1. */
export const fraction = (value: number): string => (Math.floor(value * 10_000) / 10_000).toFixed(4);
