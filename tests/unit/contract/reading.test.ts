import { readFileSync } from 'node:fs';
import { loadContract } from '../../../shared/contract/load.ts';
import { contractYaml, sqlDirWith } from '../../helpers/contracts.ts';
import { open } from '../../helpers/opened.ts';

const PROPERTIES = 'properties: [{ name: id, logicalType: integer }, { name: name, logicalType: string }]';

const contractWith = async (settings: string) =>
  await loadContract(
    sqlDirWith({ 'orders/contract.yaml': contractYaml(`${PROPERTIES}\n    ${settings}`) }),
    'orders',
  );

/** The text in Windows-1251, as far as letters of Russian go. */
const windows1251 = (text: string): Buffer =>
  Buffer.from(
    Array.from(text, (letter) => {
      const code = letter.charCodeAt(0);
      return code >= 0x410 ? code - 0x410 + 0xc0 : code;
    }),
  );

test('the example of docs/contracts.md is read by its settings', async () => {
  const [, section = ''] = /<!-- reading[\s\S]*?-->\n([\s\S]*)<!-- \/reading -->/.exec(
    readFileSync('docs/contracts.md', 'utf8'),
  ) ?? ['', ''];
  const [yaml = '', text = ''] = [...section.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(
    ([, block]) => block,
  );
  const contract = await contractWith(yaml.replaceAll('\n', '\n    ').trim());
  const { rows, lines, source } = await open(windows1251(text), {
    expected: contract.columns,
    ...(contract.reading !== undefined && { reading: contract.reading }),
  });
  expect(rows).toEqual([
    ['1', 'Анна: Mrs'],
    ['2', 'Борис'],
  ]);
  expect(lines).toEqual([3, 5]);
  expect(source).toMatchObject({ encoding: 'windows-1251', header: false, delimiter: ':', quote: "'" });
});

test('a contract without such settings says nothing of its files', async () => {
  const contract = await contractWith('customProperties: [{ property: qualityThreshold, value: 0 }]');
  expect(contract.reading).toBeUndefined();
});

test.each([
  ['encoding', 'latin-42', 'a label of the WHATWG Encoding Standard'],
  ['delimiter', '"||"', 'one ASCII character'],
  ['delimiter', '"\\""', 'one ASCII character'],
  ['quote', 'x', 'one ASCII character'],
  ['header', 'maybe', 'a boolean'],
  ['skipLines', '-1', 'a whole number of lines'],
  ['skipLines', '1.5', 'an int'],
  ['comment', '"##"', 'one ASCII character'],
  ['recordsPath', 'data.items', 'a JSON Pointer to the records'],
  ['recordsPath', '/a~b', 'a JSON Pointer to the records'],
  ['recordsPath', '""', 'a JSON Pointer to the records'],
  ['ignoredKeys', '"*.tmp"', 'an array'],
  ['ignoredKeys', '["/archive/*"]', 'without a slash at its ends'],
  ['ignoredKeys', '["*.{tmp,log}"]', 'no other wildcards than'],
  ['ignoredKeys', '["**"]', 'a path that leaves some keys'],
  ['sheet', '" "', 'the name of a sheet'],
  ['sheet', '2', 'a string'],
])('%s: %s is a mistake', async (property, value, expected) => {
  await expect(
    contractWith(`customProperties: [{ property: ${property}, value: ${value} }]`),
  ).rejects.toMatchObject({ name: 'ContractInvalid', message: expect.stringContaining(expected) });
});

test.each([
  ['quote', 'delimiter'],
  ['comment', 'delimiter'],
  ['comment', 'quote'],
])('one character as %s and as %s is a mistake', async (one, other) => {
  const settings = [one, other].map((property) => `{ property: ${property}, value: "%" }`);
  await expect(contractWith(`customProperties: [${settings.join(', ')}]`)).rejects.toMatchObject({
    name: 'ContractInvalid',
    message: expect.stringContaining('another character than the delimiter'),
  });
});
