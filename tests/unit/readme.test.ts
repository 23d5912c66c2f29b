import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadStateMachine, taskStates } from '../../operate/local/state-machine.ts';
import { STEPS } from '../../operate/local/steps.ts';
import * as errors from '../../shared/errors.ts';
import type { Lake, Zone } from '../../shared/lake/paths.ts';
import { ZONES } from '../../shared/lake/paths.ts';
import type { Step } from '../../shared/runtime/step.ts';
import { DEFINITION, ROOT } from '../helpers/engine.ts';
import { testPipeline } from '../helpers/pipeline.ts';

const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');

interface StateRow {
  state: string;
  reads: string[];
  writes: string[];
  caught: string[];
  fails: string[];
}

const words = (cell: string): string[] => cell.split(',').flatMap((word) => word.trim() || []);
const names = (cell: string): string[] => [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '');

/** The README's table of states. */
const rows: StateRow[] = readme
  .slice(readme.indexOf('<!-- states'))
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .slice(0, 5)
  .map((line) => {
    const [, state = '', reads = '', writes = '', caught = '', fails = ''] = line.split('|');
    return {
      state: names(state)[0] ?? '',
      reads: words(reads),
      writes: words(writes),
      caught: names(caught),
      fails: names(fails),
    };
  });

const definition = loadStateMachine(DEFINITION);

/** The same state on a larger function: a sentence below the table tells of it. */
const isLarge = (state: string): boolean => state.endsWith('Large');

test('the table names the Task states, in their order, and a sentence their larger twins', () => {
  const [large, others] = [true, false].map((is) =>
    taskStates(definition).filter((name) => isLarge(name) === is),
  );
  expect(rows.map(({ state }) => state)).toEqual(others);
  expect(readme).toContain('(`OutOfMemory`, `OutOfDisk`; on AWS a timeout)');
  expect(large?.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

test('the table names the errors that the state machine catches, and only errors that there are', () => {
  for (const { state, caught, fails } of rows) {
    const { Catch = [] } = definition.States[state] as { Catch?: { ErrorEquals: string[]; Next: string }[] };
    const refused = Catch.filter(({ Next }) => Next === 'Quarantine');
    expect(caught).toEqual(refused.flatMap(({ ErrorEquals }) => ErrorEquals));
    for (const name of fails) expect(Object.keys(errors)).toContain(name);
  }
});

test('the table names the zones that each state reads and writes', async () => {
  const seen = new Map<string, { reads: Set<Zone>; writes: Set<Zone> }>();
  const recording = (name: string, step: Step): Step => {
    const access = { reads: new Set<Zone>(), writes: new Set<Zone>() };
    seen.set(name, access);
    return async (input, context) => {
      const zones = ZONES.map((zone) => [
        zone,
        context.lake[zone].observed((kind) => (kind === 'put' ? access.writes : access.reads).add(zone)),
      ]);
      return await step(input, { ...context, lake: Object.fromEntries(zones) as Lake });
    };
  };
  const steps = Object.fromEntries(
    Object.entries(STEPS).map(([name, step]) => [name, recording(name, step)]),
  );
  const { drop } = testPipeline({ steps });
  const header = 'id,name,email,signup_date,status\n';
  const good = Array.from({ length: 40 }, (_, i) => `${i + 1},N,a${i}@example.com,2024-01-02,active\n`).join(
    '',
  );
  await drop('signups/a.csv', `${header}${good}41,N,no-address,2024-01-02,active\n`);
  await drop('signups/b.csv', `${header}${good}`);
  await drop('signups/c.csv', `${header}x,y,z,w,v\n`);

  for (const { state, reads, writes } of rows) {
    expect([state, [...(seen.get(state)?.reads ?? [])].sort()]).toEqual([state, reads.toSorted()]);
    expect([state, [...(seen.get(state)?.writes ?? [])].sort()]).toEqual([state, writes.toSorted()]);
  }
});

test('every file and folder that the README links to is there', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] ?? '');
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) expect([link, existsSync(path.join(ROOT, link))]).toEqual([link, true]);
});
