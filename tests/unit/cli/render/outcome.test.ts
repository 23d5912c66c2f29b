import { exitCodeOf } from '../../../../cli/base/outcomes.ts';
import { renderExecution, renderExecutions } from '../../../../cli/render/execution.ts';
import { renderOutcome } from '../../../../cli/render/outcome.ts';
import { createTerminal } from '../../../../cli/render/terminal.ts';
import { detailOf, summaryOf } from '../../../../operate/listing.ts';
import { outcomeOf } from '../../../../operate/outcome.ts';
import { identify } from '../../../../shared/run/run-identity.ts';
import { cleanSteps, engineOn, failing, someEvent } from '../../../helpers/engine.ts';
import { scratch } from '../../../helpers/scratch.ts';

const USAGE = { duration_ms: 1, memory_mb: 1024, requests: 1, bytes_read: 1, bytes_written: 1 };
const nowhere = { isTTY: false } as NodeJS.WriteStream;
const terminal = createTerminal(nowhere, nowhere, {});

const failed = () =>
  engineOn(scratch(), {
    steps: { ...cleanSteps(), Transform: failing('StorageUnavailable', {}) },
  }).run(someEvent());

test('a failed outcome says where it failed, why, and how to go on', async () => {
  const execution = await failed();
  const outcome = outcomeOf(execution);
  const text = renderOutcome(outcome, terminal);
  expect(text).toMatch(/^signups\/a\.csv: failed in /);
  expect(text).toContain('StorageUnavailable: StorageUnavailable happened');
  expect(text).toContain('(6 tries)');
  expect(text).toContain(`duckstep redrive ${execution.id}`);
});

test('a file that could not be quarantined shows the error that failed', async () => {
  const execution = await engineOn(scratch(), {
    steps: {
      ...cleanSteps(),
      Validate: failing('UnreadableFile', {}),
      Quarantine: failing('AccessDenied', {}),
    },
  }).run(someEvent());
  expect(renderOutcome(outcomeOf(execution), terminal)).toContain('AccessDenied: AccessDenied happened');
});

test('every mistake that an error lists is printed, and the first of them in lists', async () => {
  const mistakes = '2 problems to fix:\n  sql/a/contract.yaml:3 id: expected text\n  sql/a/silver.sql:1 here';
  const execution = await failed();
  const invalid = {
    ...execution,
    error: { Error: 'ContractInvalid', Cause: JSON.stringify({ errorMessage: mistakes }) },
  };
  const outcome = outcomeOf(invalid);
  const gist = 'ContractInvalid: 2 problems to fix: sql/a/contract.yaml:3 id: expected text';
  expect(outcome.reason).toBe(gist);
  expect(renderOutcome(outcome, terminal)).toContain(
    `ContractInvalid: ${mistakes.replaceAll('\n', '\n  ')}\n`,
  );
  expect(renderExecutions([summaryOf(invalid)], terminal)[2]).toMatch(new RegExp(`${gist}$`));
});

test('a file name says nothing to the terminal', async () => {
  const execution = { ...(await failed()), key: 'signups/a\n\u001b[31m.csv' };
  expect(renderOutcome(outcomeOf(execution), terminal)).toMatch(/^signups\/a\\n\\x1b\[31m\.csv: failed in /);
  expect(renderExecution(detailOf(execution), terminal)).toContain('raw/signups/a\\n\\x1b[31m.csv, version');
});

test('the list and the details of an execution', async () => {
  const execution = await failed();
  const [header, , line] = renderExecutions([summaryOf(execution)], terminal);
  expect(header).toMatch(/^id +status +file +state +took +cost +error$/);
  expect(line).toMatch(
    new RegExp(`^${execution.id}  failed  signups/a.csv  Transform  .* s  \\$.* StorageUnavailable:`),
  );

  const details = renderExecution(detailOf(execution), terminal);
  for (const { state } of execution.visits) expect(details).toMatch(new RegExp(`^${state}  `, 'm'));
  expect(details.match(/error {3}StorageUnavailable: StorageUnavailable happened/g)).toHaveLength(6);
  expect(details).toContain(`To resume at Transform: duckstep redrive ${execution.id}`);
});

test('a key that is ignored is reported as such, and is no failure', async () => {
  const execution = await engineOn(scratch(), {
    steps: { ...cleanSteps(), Validate: failing('KeyIgnored', {}) },
  }).run(someEvent());
  const outcome = outcomeOf(execution);
  expect(renderOutcome(outcome, terminal)).toMatch(/^signups\/a\.csv: ignored in [\s\S]*KeyIgnored happened/);
  expect(exitCodeOf([outcome])).toBe(0);
});

describe('rows of other files with the same keys', () => {
  const rendered = async (rows_superseding: number, rows_superseded: number) => {
    const load = {
      ...{ status: 'loaded', silver_version: 2, gold: [], run_record: 'r', usage: USAGE },
      ...{ reason: 'Of the load.', rows_superseding, rows_superseded },
    };
    const execution = await engineOn(scratch(), { steps: cleanSteps() }).run(someEvent());
    const validate = {
      ...{ run: identify(someEvent()), contract_version: '1', format: 'csv', source_bytes: 1 },
      ...{ rows: { read: 9, accepted: 9, rejected: 0 }, staged: { records: 'r' }, unknown_columns: [] },
      usage: USAGE,
    };
    const done = { ...execution, output: { ...someEvent(), validate, load } };
    expect(renderExecution(detailOf(done), terminal).includes('\nkeys      ')).toBe(
      rows_superseding + rows_superseded > 0,
    );
    return renderOutcome(outcomeOf(done), terminal);
  };

  test('are named in the outcome, with the reason of the load', async () => {
    const text = await rendered(3, 1);
    expect(text).toContain(
      '3 rows of other files are superseded by rows of this one; 1 row of this file is superseded by rows of other files',
    );
    expect(text).toContain('Of the load.');
  });

  test('are not, where there are none', async () => {
    expect(await rendered(0, 0)).not.toContain('superseded');
    expect(await rendered(0, 2)).toContain('2 rows of this file are superseded by rows of other files');
    expect(await rendered(1, 0)).toContain('1 row of other files is superseded by rows of this one');
  });
});
