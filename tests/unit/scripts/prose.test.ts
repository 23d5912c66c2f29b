import { complaints } from '../../../scripts/check-prose.ts';

test.each([
  ['a.md', 'The snapshot is made anew.'],
  ['a.ts', "throw new Error('Mend the contract.');"],
  ['a.ts', '// Lets old snapshots go.'],
  ['a.yml', '# At most so many rows.'],
  ['a.sql', '-- Whoever reads this.'],
  ['a.ts', '/** Numbers are taken for text. */'],
])('words that make a reader stop are found in %s: %s', (file, text) => {
  expect(complaints(file, text)).toHaveLength(1);
});

test.each([
  ['a.md', 'It fails. What is left stays.'],
  ['a.md', '- What is left stays.'],
  ['a.md', '| a | What is left stays |'],
  ['a.ts', '/** What is left of a file. */'],
  ['a.ts', '/**\n * Removes files.\n * What is left stays.\n */'],
  ['a.yml', 'key: 1 # Who calls is not known.'],
])('a clause in the place of the subject is found in %s: %s', (file, text) => {
  expect(complaints(file, text)).toHaveLength(1);
});

test.each([
  ['a.md', '## What you get\n\nRead `what is anew`.\n\n```\nWhat is in a code block.\n```'],
  ['a.md', 'It says in full\nWhat Is Cited in a title.'],
  ['a.ts', '// What is left? Nothing.\nconst mendable = 1;'],
  ['a.ts', "const text = 'What you see';"],
  ['a.json', '"anew": 1'],
  ['a.yml', 'url: https://example.org/#What'],
])('other text passes in %s: %s', (file, text) => {
  expect(complaints(file, text)).toEqual([]);
});

test('a complaint names its line', () => {
  expect(complaints('a.md', 'One.\n\nMade anew.')).toEqual(['3: "anew": write again, from scratch']);
});
