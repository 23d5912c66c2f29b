import { existsSync } from 'node:fs';
import path from 'node:path';
import validate from 'asl-validator';
import { loadStateMachine } from '../../../operate/local/state-machine.ts';
import { STEPS } from '../../../operate/local/steps.ts';
import * as errors from '../../../shared/errors.ts';
import {
  answering,
  cleanSteps,
  DEFINITION,
  engineOn,
  failing,
  OUTPUTS,
  ROOT,
  someEvent,
} from '../../helpers/engine.ts';
import { scratch } from '../../helpers/scratch.ts';

interface Rule {
  ErrorEquals: string[];
  IntervalSeconds?: number;
  BackoffRate?: number;
  MaxAttempts?: number;
  MaxDelaySeconds?: number;
  JitterStrategy?: string;
  Next?: string;
}

interface State {
  Type: string;
  Comment?: string;
  TimeoutSeconds?: number;
  Next?: string;
  End?: boolean;
  Default?: string;
  Choices?: { Next: string }[];
  Retry?: Rule[];
  Catch?: Rule[];
  ResultPath?: string;
  Parameters?: object;
}

/** Lambda could not take the call yet. */
const THROTTLED = ['Lambda.TooManyRequestsException', 'Lambda.ResourceConflictException'];

/** Errors of the Lambda service itself (Step Functions developer guide, "Handle Lambda service exceptions"). */
const OF_LAMBDA = [
  ...THROTTLED,
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  // Errors of functions in a VPC (AWS Lambda API reference, "Invoke", errors).
  'Lambda.ResourceNotReadyException',
  'Lambda.ENINotReadyException',
  'Lambda.EC2ThrottledException',
  'Lambda.EC2UnexpectedException',
];

/** Errors of a function that used more memory than there is, or more time. */
const TIMEOUTS = ['Sandbox.Timedout', 'Lambda.Unknown', 'States.Timeout'];
const OF_PROCESSES = ['Runtime.OutOfMemory', 'Runtime.ExitError', ...TIMEOUTS];

const definition = loadStateMachine(DEFINITION);
const states = Object.entries(definition.States as unknown as Record<string, State>);
const tasks = states.filter(([, { Type }]) => Type === 'Task');
const namesIn = (rules: Rule[] = []): string[] => rules.flatMap(({ ErrorEquals }) => ErrorEquals);

const classes = Object.values(errors).filter((value) => typeof value === 'function');
const namesOf = (parent: typeof errors.Fault | typeof errors.DataError): string[] =>
  classes.flatMap((each) => (each.prototype instanceof parent ? [each.name] : []));
const DATA = namesOf(errors.DataError);
const TRANSIENT = namesOf(errors.TransientError);

const after = ({ Next, Default, Choices = [], Catch = [] }: State): string[] =>
  [Next, Default, ...[...Choices, ...Catch].map((rule) => rule.Next)].filter((name) => name !== undefined);

test('is Amazon States Language', () => {
  const { isValid, errorsText } = validate(structuredClone(definition), { checkPaths: true, checkArn: true });
  expect({ isValid, errors: errorsText() }).toEqual({ isValid: true, errors: '' });
});

test('the validator finds a mistake', () => {
  const broken = structuredClone(definition) as unknown as { States: Record<string, State> };
  broken.States.Validate = { ...broken.States.Validate, Type: 'Task', Next: 'Nowhere' };
  expect(validate(broken).isValid).toBe(false);
});

test('knows every error that it names', () => {
  const known = [...classes.map(({ name }) => name), ...OF_LAMBDA, ...OF_PROCESSES];
  const named = states.flatMap(([, { Retry, Catch }]) => [...namesIn(Retry), ...namesIn(Catch)]);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

test('an error’s name is that of its class: Retry and Catch match on it', () => {
  expect(DATA.length).toBeGreaterThan(0);
  for (const each of [...errors.DATA_ERRORS, ...errors.TRANSIENT_ERRORS, ...errors.RESOURCE_ERRORS])
    expect(new each('message').name).toBe(each.name);
  expect(errors.DATA_ERRORS.map(({ name }) => name).toSorted()).toEqual(DATA.toSorted());
  expect(errors.TRANSIENT_ERRORS.map(({ name }) => name).toSorted()).toEqual(TRANSIENT.toSorted());
});

/** Names of the errors that a state catches, by the state that they lead to. */
const waysOut = ({ Catch = [] }: State): Record<string, string[]> =>
  Object.fromEntries(Catch.map(({ Next = '', ErrorEquals }) => [Next, ErrorEquals.toSorted()]));

const RESOURCES = [...errors.RESOURCE_ERRORS.map(({ name }) => name), ...OF_PROCESSES].toSorted();
const large = tasks.filter(([name]) => name.endsWith('Large'));

test('errors of the data go to quarantine, from the state that reads the data; exhausted memory or disk leads to a larger function', () => {
  const quarantined = { Quarantine: DATA.toSorted() };
  const expected: Record<string, Record<string, string[]>> = Object.fromEntries(
    large.map(([name]) => [name.replace(/Large$/, ''), { [name]: RESOURCES }]),
  );
  // A contract that changes after Validate leads back to it.
  const changed = { ContractChanged: ['ContractChanged'] };
  for (const [name] of tasks)
    if (!/^(?:Validate|Quarantine)/.test(name)) expected[name] = { ...changed, ...expected[name] };
  expected.Validate = { ...quarantined, Succeeded: ['KeyIgnored'], ...expected.Validate };
  expected.ValidateLarge = quarantined;
  const caught = states.filter(([, state]) => state.Catch !== undefined);
  expect(Object.fromEntries(caught.map(([name, state]) => [name, waysOut(state)]))).toEqual(expected);
});

test('a state on a larger function differs from its twin in the function only', () => {
  expect(large.map(([name]) => name)).toEqual(
    ['Validate', 'QualityScore', 'Transform', 'LoadToGold'].map((name) => `${name}Large`),
  );
  for (const [name, { Comment: _, Catch: _caught, ...state }] of large) {
    const { Comment, Catch, ...twin } = definition.States[name.replace(/Large$/, '')] as unknown as State;
    expect({ ...state, Resource: '' }).toEqual({ ...twin, Resource: '' });
  }
});

test('errors that may pass by themselves are retried in every state that can meet them, and no others are', () => {
  for (const [name, { Retry }] of tasks) {
    // Only LoadToGold commits, and updates the catalog.
    const transient = TRANSIENT.filter(
      (error) => !['CommitConflict', 'CatalogUnavailable'].includes(error) || name.startsWith('LoadToGold'),
    );
    expect({ name, retried: namesIn(Retry).toSorted() }).toEqual({
      name,
      // A second attempt of LoadToGold does not repeat what the first one committed before its time was over.
      retried: [...transient, ...OF_LAMBDA, ...(name.startsWith('LoadToGold') ? TIMEOUTS : [])].toSorted(),
    });
  }
});

/** The longest that a retrier waits in all, in seconds. */
const waitOf = ({ IntervalSeconds = 1, BackoffRate = 2, MaxAttempts = 3, MaxDelaySeconds }: Rule): number =>
  Array.from({ length: MaxAttempts }, (_, n) =>
    Math.min(IntervalSeconds * BackoffRate ** n, MaxDelaySeconds ?? Number.POSITIVE_INFINITY),
  ).reduce((sum, wait) => sum + wait, 0);

test.each(tasks)('%s waits the better part of an hour for Lambda to accept its call', (_, { Retry = [] }) => {
  const [throttled, ...others] = Retry.filter(({ ErrorEquals }) =>
    ErrorEquals.some((name) => THROTTLED.includes(name)),
  );
  expect(others).toEqual([]);
  expect(throttled).toEqual({
    ErrorEquals: THROTTLED,
    IntervalSeconds: 2,
    BackoffRate: 2,
    MaxAttempts: 30,
    MaxDelaySeconds: 120,
    JitterStrategy: 'FULL',
  });
  expect(throttled && waitOf(throttled)).toBeGreaterThan(45 * 60);
});

test('an execution has the time for all waits of all its states', () => {
  const needed = tasks.map(([, { Retry = [], TimeoutSeconds = 0 }]) => {
    const waits = Retry.filter(({ ErrorEquals }) =>
      ErrorEquals.some((name) => [...THROTTLED, 'CommitConflict'].includes(name)),
    );
    return TimeoutSeconds + waits.reduce((sum, retrier) => sum + waitOf(retrier), 0);
  });
  expect(needed.reduce((sum, seconds) => sum + seconds, 0)).toBeLessThan(definition.TimeoutSeconds ?? 0);
});

const route = async (steps: Parameters<typeof engineOn>[1]): Promise<string[]> => {
  const { visits } = await engineOn(scratch(), steps).run(someEvent());
  return visits.map(({ state }) => state);
};

test.each(TIMEOUTS)(
  '%s: the larger function takes over; LoadToGold is tried once more before',
  async (name) => {
    for (const state of ['Validate', 'QualityScore', 'Transform'] as const) {
      const steps = { ...cleanSteps(), [state]: failing(name, OUTPUTS[state]) };
      expect(await route({ steps })).toContain(`${state}Large`);
    }
    const once = { ...cleanSteps(), LoadToGold: failing(name, OUTPUTS.LoadToGold, 1) };
    expect(await route({ steps: once })).not.toContain('LoadToGoldLarge');
    const twice = { ...cleanSteps(), LoadToGold: failing(name, OUTPUTS.LoadToGold, 2) };
    expect(await route({ steps: twice })).toContain('LoadToGoldLarge');
  },
);

test('twenty-nine throttles in a row fail no file', async () => {
  const steps = Object.fromEntries(
    Object.entries(OUTPUTS).map(([state, output]) => [
      state,
      failing('Lambda.TooManyRequestsException', output, 29),
    ]),
  );
  expect(await engineOn(scratch(), { steps }).run(someEvent())).toMatchObject({ status: 'succeeded' });
});

test('catches nothing wholesale: a redrive resumes where something failed, with what it had', () => {
  const named = states.flatMap(([, { Retry, Catch }]) => [...namesIn(Retry), ...namesIn(Catch)]);
  expect(new Set(named.filter((name) => name.startsWith('States.')))).toEqual(new Set(['States.Timeout']));
  expect(states.filter(([, { Type }]) => Type === 'Fail')).toEqual([]);
});

test('an execution whose contract changed goes back to Validate with what Validate handed on for that, and nothing else', async () => {
  const { again } = OUTPUTS.Validate;
  for (const state of ['QualityScore', 'Transform', 'LoadToGold'] as const)
    for (const size of ['', 'Large'] as const) {
      const steps = cleanSteps();
      const validate = jest.fn(answering(OUTPUTS.Validate));
      const changed = failing('ContractChanged', OUTPUTS[state], 1);
      if (size === 'Large') steps[state] = failing('OutOfMemory', OUTPUTS[state], 1);
      const options = { steps: { ...steps, Validate: validate, [`${state}${size}`]: changed } };
      const { status, output, visits } = await engineOn(scratch(), options).run(someEvent());
      expect({ state, status }).toEqual({ state, status: 'succeeded' });
      expect(visits.filter(({ state: name }) => name === 'ContractChanged')).toHaveLength(1);
      expect(validate.mock.calls.map(([input]) => (input as { state: unknown }).state)).toEqual([
        someEvent(),
        again,
      ]);
      expect(output).not.toHaveProperty('error');
      expect(output).not.toHaveProperty('outgrown');
    }
});

test('every Task is told that this definition goes back to Validate', () => {
  for (const [name, { Parameters }] of tasks)
    expect({ name, Parameters }).toMatchObject({ name, Parameters: { goes_back: true } });
});

test('every state can be reached, and every way ends in Succeeded', () => {
  const reached = new Set<string>();
  const visit = (name: string): void => {
    if (reached.has(name)) return;
    reached.add(name);
    const state = Object.fromEntries(states)[name];
    const next = state === undefined ? [] : after(state);
    expect({ name, ends: next.length === 0 }).toEqual({ name, ends: name === 'Succeeded' });
    for (const each of next) visit(each);
  };
  visit(definition.StartAt);
  expect([...reached].toSorted()).toEqual(states.map(([name]) => name).toSorted());
});

const kebab = (name: string): string => name.replaceAll(/(?!^)[A-Z]/g, '-$&').toLowerCase();
const camel = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

test.each(tasks)(
  '%s is a file and a step, and has a comment for people who read the console',
  async (name, state) => {
    // A larger function has the file of its twin.
    const twin = name.replace(/Large$/, '');
    const file = path.join(ROOT, 'functions', `${kebab(twin)}.ts`);
    expect(existsSync(file)).toBe(true);
    const module = (await import(file)) as Record<string, unknown>;
    expect(module[camel(twin)]).toBe(STEPS[twin]);
    expect(STEPS[name]).toEqual(expect.any(Function));
    expect(state.TimeoutSeconds).toBeLessThanOrEqual(900);
    expect(state.Comment?.length ?? 0).toBeGreaterThan(20);
    // Its output is added to its input, because a redrive needs the input again.
    expect(state.ResultPath).toMatch(/^\$\.[a-z]+$/);
  },
);

test('every choice is explained as well, and has a default', () => {
  for (const [name, { Type, Comment, Default }] of states)
    if (Type === 'Choice')
      expect({ name, Comment, Default }).toEqual({
        name,
        Comment: expect.any(String),
        Default: expect.any(String),
      });
});
