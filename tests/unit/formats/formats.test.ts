import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { COMPRESSIONS } from '../../../shared/formats/bytes/compressions.ts';
import { FORMATS, FORMATS_HELP, FORMATS_READ } from '../../../shared/formats/formats.ts';
import { UNSUPPORTED } from '../../../shared/formats/unsupported.ts';
import { OTHER_ARCHIVES } from '../../../shared/formats/xlsx/other-archives.ts';
import { ROOT } from '../../helpers/engine.ts';

const PAGE = path.join(ROOT, 'docs/datasets.md');

/**
 * Compares a table of docs/datasets.md with its list. On a developer's machine it is written first: the test fails once
 * and the change is there to be read.
 */
const expectTable = (name: string, header: readonly [string, string], rows: readonly string[][]): void => {
  const page = readFileSync(PAGE, 'utf8');
  const lines = [header, ['---', '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const table = `<!-- ${name} -->\n${lines.join('\n')}\n<!-- /${name} -->`;
  const marked = new RegExp(`<!-- ${name} -->\n[^]*\n<!-- /${name} -->`);
  const [found] = marked.exec(page) ?? [];
  if (found !== table && process.env.CI === undefined)
    writeFileSync(
      PAGE,
      page.replace(marked, () => table),
    );
  expect(found).toBe(table);
};

test('docs/datasets.md lists the formats and compressions that are read, in the order of the help text', () => {
  expectTable(
    'formats',
    ['a file of', 'duckstep reads'],
    [
      ...FORMATS.toReversed().map(({ titles, docs }) => [titles.join(', '), docs]),
      ['any of these, compressed', COMPRESSIONS.map(({ name }) => name).join(', ')],
    ],
  );
});

test('docs/datasets.md lists the formats that are recognised only to be rejected', () => {
  expectTable(
    'unsupported',
    ['a file that looks like', 'what to do'],
    [...UNSUPPORTED, ...OTHER_ARCHIVES].map(({ name, remedy }) => [name, remedy]),
  );
});

test('the help text and the message about unknown formats name every format and compression', () => {
  const names = [...FORMATS.flatMap(({ titles }) => [...titles]), ...COMPRESSIONS.map(({ name }) => name)];
  for (const text of [FORMATS_HELP, FORMATS_READ])
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  expect(FORMATS_HELP).toMatch(/^CSV, TSV, .+ or \w+; plain, .+ or \w+$/);
  expect(FORMATS_READ).toMatch(/^CSV, TSV, .+ and \w+ are read, plain or as .+ or \w+\.$/);
});

test('no two formats have the same name or title', () => {
  const names = FORMATS.map(({ name }) => name);
  const titles = FORMATS.flatMap(({ titles }) => [...titles]);
  expect([new Set(names).size, new Set(titles).size]).toEqual([names.length, titles.length]);
});
