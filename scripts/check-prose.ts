/** Holds comments, docs and messages to plain English: `node scripts/check-prose.ts` lists what is not, by file and line. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Words and phrases that make a reader stop, with what to write instead. */
const WORDS: readonly [pattern: RegExp, instead: string][] = [
  [/\banew\b/i, 'again, from scratch'],
  [/\bmend(?:s|ed|ing)?\b/i, 'fix'],
  [/\blet(?:s|ting)? (?:\w+ ){0,3}go\b/i, 'expire, release'],
  [/\bso many\b/i, 'a number, n'],
  [/\bwhoever\b/i, 'name who'],
  [/\bt(?:ake|akes|aken|aking|ook) for\b/i, 'assume, treat as'],
  [/\bdear(?:er|est)?\b/i, 'expensive'],
  [/\btold by\b/i, 'derived from'],
];

/** A sentence whose subject is a clause: "What is left is removed." */
const CLAUSE = /(?:^|[.!|] )(?:What|Who|Whose|Whatever) [^.?!|]*(?:[.!|]|$)/;

const KINDS: Readonly<Record<string, (text: string) => string>> = {
  '.md': (text) => withoutCode(text),
  '.ts': (text) => comments(text, /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm),
  '.cjs': (text) => comments(text, /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm),
  '.yml': (text) => comments(text, /(?<=^|\s)#.*$/gm),
  '.yaml': (text) => comments(text, /(?<=^|\s)#.*$/gm),
  '.sql': (text) => comments(text, /--.*$/gm),
};

/** Data, other people's words, and the history of changes. */
const APART =
  /^(?:tests\/(?:golden|fixtures)|samples|docs\/bench)\/|^scripts\/check-prose\.ts$|^tests\/unit\/scripts\/prose\.test\.ts$/;

/** The same lines, those of code blocks and headings empty. */
const withoutCode = (text: string): string => {
  let inside = false;
  return text
    .split('\n')
    .map((line) => {
      if (/^\s*```/.test(line)) inside = !inside;
      return inside || /^(?:\s*```|#|<!--)/.test(line) ? '' : line.replaceAll(/`[^`]*`/g, '`'.repeat(2));
    })
    .join('\n');
};

/** The same lines with nothing but what the pattern finds. */
const comments = (text: string, pattern: RegExp): string => {
  const kept = text.replaceAll(/[^\n]/g, ' ').split('');
  for (const { 0: found, index } of text.matchAll(pattern))
    for (let i = 0; i < found.length; i += 1) kept[index + i] = found[i] ?? ' ';
  return kept.join('');
};

/** What stands before the words of a comment's or a list's line. */
const MARGIN = /^\s*(?:\/\*\*?|\*\/|\*|\/\/|#|--|-|\||>)?\s*(?:\*\/)?/;

/** Complaints about one file's text, as `line: complaint`. */
export const complaints = (file: string, text: string): string[] => {
  const kind = path.extname(file);
  const prose = (KINDS[kind] ?? (() => ''))(text).split('\n');
  // Messages are prose too, and stand in the code.
  const worded = kind === '.md' ? prose : KINDS[kind] === undefined ? [] : text.split('\n');
  const words = worded.flatMap((line, i) =>
    WORDS.flatMap(([pattern, instead]) => {
      const found = pattern.exec(line)?.[0];
      return found === undefined ? [] : [`${i + 1}: "${found}": write ${instead}`];
    }),
  );
  const clauses = prose.flatMap((line, i) => {
    const said = line.replace(MARGIN, '').replace(/\s*\*\/\s*$/, '');
    // A sentence may begin in the middle of a line only after another one's end; at its start, only where one ended before.
    const before = (prose[i - 1] ?? '').replace(MARGIN, '').trim();
    const begins = before === '' || /[.:!?|]$/.test(before) || /^\s*(?:\/\*\*|-|\|)/.test(line);
    const found = CLAUSE.exec(begins ? said : `… ${said}`);
    return found === null || /\?/.test(said)
      ? []
      : [`${i + 1}: "${found[0].trim().slice(0, 50)}": put the subject first`];
  });
  return [...words, ...clauses];
};

const tracked = (): string[] =>
  execFileSync('git', ['ls-files'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => KINDS[path.extname(file)] !== undefined && !APART.test(file));

if (import.meta.main) {
  const found = tracked().flatMap((file) =>
    complaints(file, readFileSync(file, 'utf8')).map((complaint) => `${file}:${complaint}`),
  );
  process.stdout.write(found.map((line) => `${line}\n`).join(''));
  process.exitCode = found.length === 0 ? 0 : 1;
}
