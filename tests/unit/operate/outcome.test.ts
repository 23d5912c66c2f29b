import { exitCodeOf } from '../../../cli/process-files.ts';
import { renderExecution, renderExecutions } from '../../../cli/render/execution.ts';
import { renderOutcome } from '../../../cli/render/outcome.ts';
import { createTerminal } from '../../../cli/render/terminal.ts';
import { outcomeOf } from '../../../operate/outcome.ts';
import { cleanSteps, engineOn, failing, someEvent } from '../../helpers/engine.ts';
import { scratch } from '../../helpers/scratch.ts';

const nowhere = { isTTY: false } as NodeJS.WriteStream;
const terminal = createTerminal(nowhere, nowhere, {});

const failed = () =>
  engineOn(scratch(), {
    steps: { ...cleanSteps(), Transform: failing('StorageUnavailable', {}) },
  }).run(someEvent());

test('a failed execution tells where, why, and how to go on', async () => {
  const execution = await failed();
  const outcome = outcomeOf(execution);
  expect(outcome).toMatchObject({
    verdict: 'failed',
    error: { name: 'StorageUnavailable', message: 'StorageUnavailable happened', state: 'Transform' },
    states: [
      { state: 'Validate', tries: 1 },
      { state: 'QualityScore', tries: 1 },
      { state: 'Transform', tries: 6 },
    ],
  });
  const text = renderOutcome(outcome, terminal);
  expect(text).toMatch(/^signups\/a\.csv: failed in /);
  expect(text).toContain('StorageUnavailable: StorageUnavailable happened');
  expect(text).toContain('(6 tries)');
  expect(text).toContain(`duckstep redrive ${execution.id}`);
});

test('a file in quarantine: what was caught, and where, whatever Quarantine had to try again', async () => {
  const quarantined = { scope: 'file', rows: 0, records: 'r', report: 'r', summary: 's' };
  const execution = await engineOn(scratch(), {
    steps: {
      ...cleanSteps(),
      Validate: failing('UnreadableFile', {}),
      Quarantine: failing('StorageUnavailable', quarantined, 1),
    },
  }).run(someEvent());
  expect(outcomeOf(execution)).toMatchObject({
    verdict: 'quarantined',
    error: { name: 'UnreadableFile', state: 'Validate' },
  });
});

test('a file that could not be quarantined: what failed is said, not what had been caught before', async () => {
  const execution = await engineOn(scratch(), {
    steps: {
      ...cleanSteps(),
      Validate: failing('UnreadableFile', {}),
      Quarantine: failing('AccessDenied', {}),
    },
  }).run(someEvent());
  const outcome = outcomeOf(execution);
  expect(outcome).toMatchObject({
    verdict: 'failed',
    reason: 'AccessDenied: AccessDenied happened',
    error: { name: 'AccessDenied', message: 'AccessDenied happened', state: 'Quarantine' },
  });
  expect(renderOutcome(outcome, terminal)).toContain('AccessDenied: AccessDenied happened');
});

test('every mistake that an error lists is printed, and the first of them in lists', async () => {
  const mistakes =
    '2 problems to mend:\n  sql/a/contract.yaml:3 id: expected text\n  sql/a/silver.sql:1 here';
  const execution = await failed();
  const invalid = {
    ...execution,
    error: { Error: 'ContractInvalid', Cause: JSON.stringify({ errorMessage: mistakes }) },
  };
  const outcome = outcomeOf(invalid);
  const gist = 'ContractInvalid: 2 problems to mend: sql/a/contract.yaml:3 id: expected text';
  expect(outcome.reason).toBe(gist);
  expect(renderOutcome(outcome, terminal)).toContain(
    `ContractInvalid: ${mistakes.replaceAll('\n', '\n  ')}\n`,
  );
  expect(renderExecutions([invalid], terminal)[2]).toMatch(new RegExp(`${gist}$`));
});

test('a file name says nothing to the terminal', async () => {
  const execution = { ...(await failed()), key: 'signups/a\n\u001b[31m.csv' };
  expect(renderOutcome(outcomeOf(execution), terminal)).toMatch(/^signups\/a\\n\\x1b\[31m\.csv: failed in /);
  expect(renderExecution(execution, terminal)).toContain('raw/signups/a\\n\\x1b[31m.csv, version');
});

test('the list and the details of an execution', async () => {
  const execution = await failed();
  const [header, , line] = renderExecutions([execution], terminal);
  expect(header).toMatch(/^id +status +file +state +took +cost +error$/);
  expect(line).toMatch(
    new RegExp(`^${execution.id}  failed  signups/a.csv  Transform  .* s  \\$.* StorageUnavailable:`),
  );

  const details = renderExecution(execution, terminal);
  for (const { state } of execution.visits) expect(details).toMatch(new RegExp(`^${state}  `, 'm'));
  expect(details.match(/error {3}StorageUnavailable: StorageUnavailable happened/g)).toHaveLength(6);
  expect(details).toContain(`To resume at Transform: duckstep redrive ${execution.id}`);
});

test('exit codes: a failure outweighs a quarantine', async () => {
  const bad = outcomeOf(await failed());
  const good = outcomeOf(await engineOn(scratch()).run(someEvent()));
  const partly = { ...good, quarantine: { scope: 'rows' as const, rows: 1, summary: 'x' } };
  expect(good).toMatchObject({ status: 'succeeded', execution: expect.any(String) });
  expect([exitCodeOf([good]), exitCodeOf([good, partly]), exitCodeOf([partly, bad]), exitCodeOf([])]).toEqual(
    [0, 2, 1, 0],
  );
});

test('a key that is ignored: neither loaded nor in quarantine, and no fault', async () => {
  const execution = await engineOn(scratch(), {
    steps: { ...cleanSteps(), Validate: failing('KeyIgnored', {}) },
  }).run(someEvent());
  const outcome = outcomeOf(execution);
  expect(outcome).toMatchObject({ status: 'succeeded', verdict: 'ignored', quarantine: null });
  expect(renderOutcome(outcome, terminal)).toMatch(/^signups\/a\.csv: ignored in [\s\S]*KeyIgnored happened/);
  expect(exitCodeOf([outcome])).toBe(0);
});
