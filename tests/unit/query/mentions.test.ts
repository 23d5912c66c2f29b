import { mentions } from '../../../shared/query/mentions.ts';

test.each([
  ['FROM quarantine.t', 'quarantine', true],
  ['FROM quarantine.t', 'quarantine_history', false],
  ['FROM quarantine_history.t', 'quarantine', false],
  ['FROM Quarantine_History."T"', 'quarantine_history', true],
  ['FROM Quarantine_History."T"', 't', true],
  ['FROM "quarantine" . t', 'Quarantine', true],
  ["SELECT 'runs'", 'runs', true],
  ['SELECT 1 AS truns', 'runs', false],
  ['FROM quarantine."no such ""dataset"""', 'no such "dataset"', true],
  ['FROM quarantine."über"', 'über', true],
])('%s names %s: %s', (sql, name, expected) => {
  expect(mentions(sql, name)).toBe(expected);
});
