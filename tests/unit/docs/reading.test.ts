import { readFileSync } from 'node:fs';
import path from 'node:path';
import { QUARANTINE_HISTORY_COLUMNS } from '../../../shared/query/attach-quarantine.ts';
import { RUN_COLUMNS } from '../../../shared/run/run-record.ts';
import { QUARANTINE_COLUMNS } from '../../../shared/stages/quarantine/quarantine-table.ts';
import { ROOT } from '../../helpers/engine.ts';

const page = readFileSync(path.join(ROOT, 'docs/reading.md'), 'utf8');

/** The names in the first column of the table below a heading. */
const listed = (heading: string): string[] => {
  const section = page.slice(page.indexOf(`### ${heading}\n`)).split(/\n#/)[0] ?? '';
  return [...section.matchAll(/^\| (`.+?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  );
};

test.each([
  ['runs', Object.keys(RUN_COLUMNS)],
  ['quarantine', QUARANTINE_COLUMNS.map(({ name }) => name)],
  ['quarantine_history', QUARANTINE_HISTORY_COLUMNS.slice(QUARANTINE_COLUMNS.length).map(({ name }) => name)],
])('the columns of %s are all explained, and no others', (heading, columns) => {
  expect(listed(heading).toSorted()).toEqual(columns.toSorted());
});
