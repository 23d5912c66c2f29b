import { csvLine, resultCells, resultColumns } from '../../../../cli/render/result.ts';
import { renderTable } from '../../../../cli/render/table.ts';
import { createTerminal } from '../../../../cli/render/terminal.ts';
import { cut, displayWidth, duration, fraction } from '../../../../cli/render/text.ts';

const columns = [
  { name: 'name', right: false },
  { name: 'n', right: true },
];

test('numbers stand to the right, NULL says so, and an absent cell is empty', () => {
  expect(
    renderTable(columns, [
      ['a', '1'],
      ['bcdef', '1,000'],
      [null, undefined],
    ]),
  ).toEqual(['name       n', '-----  -----', 'a          1', 'bcdef  1,000', 'NULL']);
});

test('a table without rows still tells its columns', () => {
  expect(renderTable(columns, [])).toEqual(['name  n', '----  -']);
});

test('the widest column gives way to a narrow screen', () => {
  const lines = renderTable(columns, [['x'.repeat(50), '1']], { width: 20 });
  expect(lines[2]).toBe(`${'x'.repeat(16)}…  1`);
  expect(lines.every((line) => displayWidth(line) <= 20)).toBe(true);
});

test('wide and combining characters keep the columns aligned', () => {
  expect(
    renderTable(columns, [
      ['東京', '1'],
      ['Le\u0301on', '2'],
    ]).slice(2),
  ).toEqual(['東京  1', 'Le\u0301on  2']);
});

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdefg', 6, 'abcde…'],
  ['東京大阪', 5, '東京…'],
])('cut(%s, %i)', (text, width, expected) => {
  expect(cut(text, width)).toBe(expected);
});

test('durations and scores', () => {
  expect([duration(120), duration(12_345), duration(123_000)]).toEqual(['0.12 s', '12.3 s', '2 min 3 s']);
  expect([fraction(1), fraction(0.99996)]).toEqual(['1.0000', '0.9999']);
});

test('results: numeric types to the right, nested values as JSON', () => {
  const described = [
    { name: 'a', type: 'BIGINT' },
    { name: 'b', type: 'DECIMAL(9,2)' },
    { name: 'c', type: 'VARCHAR' },
    { name: 'd', type: 'INTEGER[]' },
  ];
  expect(resultColumns(described).map(({ right }) => right)).toEqual([true, true, false, false]);
  expect(resultCells(described, { a: 1, b: '1.50', c: null, d: [1, 2] })).toEqual([
    '1',
    '1.50',
    null,
    '[1,2]',
  ]);
});

test('CSV tells NULL from an empty text', () => {
  expect(csvLine(['a,b', 'say "hi"', 'two\nlines', null, '', 'plain'])).toBe(
    '"a,b","say ""hi""","two\nlines",,"",plain',
  );
});

describe('terminal', () => {
  const stream = (isTTY: boolean) => {
    const written: string[] = [];
    const write = (text: string) => written.push(text);
    return { written, stream: { isTTY, columns: 10, write } as unknown as NodeJS.WriteStream };
  };

  test('plain text without a status line where nobody looks', () => {
    const [out, err] = [stream(false), stream(false)];
    const terminal = createTerminal(out.stream, err.stream, {});
    terminal.status('working');
    terminal.print(terminal.style('red', 'done'));
    expect([out.written, err.written]).toEqual([['done\n'], []]);
    expect(terminal.width).toBeUndefined();
  });

  test('colour on a screen, and a status line that gives way to results', () => {
    const [out, err] = [stream(true), stream(true)];
    const terminal = createTerminal(out.stream, err.stream, {});
    terminal.status('a long line of work');
    terminal.print(terminal.style('red', 'done'));
    expect(err.written).toEqual(['\r\u001b[2Ka long l…', '\r\u001b[2K']);
    expect(out.written).toEqual(['\u001b[31mdone\u001b[39m\n']);
    expect(terminal.width).toBe(10);
  });

  test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('no colour with %p', (env) => {
    const terminal = createTerminal(stream(true).stream, stream(true).stream, env);
    expect(terminal.style('red', 'done')).toBe('done');
  });
});
