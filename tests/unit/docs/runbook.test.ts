import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../helpers/engine.ts';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found);

test('the runbook has a section for each alarm, and none for another', () => {
  const alarms = matches(read('serverless/alarms.yml'), /AlarmName: \S+-\$\{sls:stage\}-(\S+)/g);
  const sections = matches(read('docs/runbook.md'), /^## ([a-z-]+)$/gm);
  expect(alarms.length).toBeGreaterThan(5);
  expect(sections.toSorted()).toEqual(alarms.toSorted());
});

test('the runbook says what to do about every error that ends an execution', () => {
  const errors = matches(read('shared/errors.ts'), /class (\w+) extends (?:Fault|TransientError)/g);
  const listed = matches(read('docs/runbook.md'), /^\| (`.+?) \|/gm).flatMap((cell) =>
    matches(cell, /`(\w+)`/g),
  );
  expect(errors.length).toBeGreaterThan(5);
  expect(listed).toEqual(expect.arrayContaining(errors));
});
