import { existsSync } from 'node:fs';
import path from 'node:path';
import validate from 'asl-validator';
import { loadStateMachine } from '../../../operate/local/state-machine.ts';
import { STEPS } from '../../../operate/local/steps.ts';
import * as errors from '../../../shared/errors.ts';
import { DEFINITION, ROOT } from '../../helpers/engine.ts';

interface Rule {
  ErrorEquals: string[];
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
}

/** What Step Functions calls the faults of the Lambda service itself (developer guide, "Handle Lambda service exceptions"). */
const OF_LAMBDA = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  // Of functions in a VPC (AWS Lambda API reference, "Invoke", errors).
  'Lambda.ResourceNotReadyException',
  'Lambda.ENINotReadyException',
  'Lambda.EC2ThrottledException',
  'Lambda.EC2UnexpectedException',
];

/** What Lambda calls the end of a process that used more memory than there is. */
const OF_PROCESSES = ['Runtime.OutOfMemory', 'Runtime.ExitError'];

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

test('the validator would notice', () => {
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

/** The names of the errors that a state leaves by, by where they lead. */
const waysOut = ({ Catch = [] }: State): Record<string, string[]> =>
  Object.fromEntries(Catch.map(({ Next = '', ErrorEquals }) => [Next, ErrorEquals.toSorted()]));

const RESOURCES = [...errors.RESOURCE_ERRORS.map(({ name }) => name), ...OF_PROCESSES].toSorted();
const large = tasks.filter(([name]) => name.endsWith('Large'));

test('what the data is guilty of goes to quarantine, from where the data is read; what was too large, to a larger function', () => {
  const refused = { Quarantine: DATA.toSorted() };
  const expected: Record<string, Record<string, string[]>> = Object.fromEntries(
    large.map(([name]) => [name.replace(/Large$/, ''), { [name]: RESOURCES }]),
  );
  expected.Validate = { ...refused, Succeeded: ['KeyIgnored'], ...expected.Validate };
  expected.ValidateLarge = refused;
  const caught = states.filter(([, state]) => state.Catch !== undefined);
  expect(Object.fromEntries(caught.map(([name, state]) => [name, waysOut(state)]))).toEqual(expected);
});

test('a state on a larger function is its twin in all but that', () => {
  expect(large.map(([name]) => name)).toEqual(
    ['Validate', 'QualityScore', 'Transform', 'LoadToGold'].map((name) => `${name}Large`),
  );
  for (const [name, { Comment: _, Catch: _caught, ...state }] of large) {
    const { Comment, Catch, ...twin } = definition.States[name.replace(/Large$/, '')] as unknown as State;
    expect({ ...state, Resource: '' }).toEqual({ ...twin, Resource: '' });
  }
});

test('what may pass by itself is retried wherever it may come up, and nothing else is', () => {
  for (const [name, { Retry }] of tasks) {
    // Only LoadToGold commits, and tells the catalog.
    const transient = TRANSIENT.filter(
      (error) => !['CommitConflict', 'CatalogUnavailable'].includes(error) || name.startsWith('LoadToGold'),
    );
    expect({ name, retried: namesIn(Retry).toSorted() }).toEqual({
      name,
      retried: [...transient, ...OF_LAMBDA].toSorted(),
    });
  }
});

test('catches nothing wholesale: a redrive resumes where something failed, with what it had', () => {
  const named = states.flatMap(([, { Retry, Catch }]) => [...namesIn(Retry), ...namesIn(Catch)]);
  expect(named.filter((name) => name.startsWith('States.'))).toEqual([]);
  expect(states.filter(([, { Type }]) => Type === 'Fail')).toEqual([]);
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

test.each(tasks)('%s is a file, a step, and explained to who reads the console', async (name, state) => {
  // A larger function has the file of its twin.
  const twin = name.replace(/Large$/, '');
  const file = path.join(ROOT, 'functions', `${kebab(twin)}.ts`);
  expect(existsSync(file)).toBe(true);
  const module = (await import(file)) as Record<string, unknown>;
  expect(module[camel(twin)]).toBe(STEPS[twin]);
  expect(STEPS[name]).toEqual(expect.any(Function));
  expect(state.TimeoutSeconds).toBeLessThanOrEqual(900);
  expect(state.Comment?.length ?? 0).toBeGreaterThan(20);
  // What it answers is added to its input, which a redrive needs again.
  expect(state.ResultPath).toMatch(/^\$\.[a-z]+$/);
});

test('every choice is explained as well, and has a default', () => {
  for (const [name, { Type, Comment, Default }] of states)
    if (Type === 'Choice')
      expect({ name, Comment, Default }).toEqual({
        name,
        Comment: expect.any(String),
        Default: expect.any(String),
      });
});
