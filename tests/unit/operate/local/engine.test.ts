import type { Execution } from '../../../../operate/execution.ts';
import { loadStateMachine } from '../../../../operate/local/state-machine.ts';
import { messageOf, type StateError } from '../../../../shared/run/state-error.ts';
import type { Step } from '../../../../shared/runtime/step.ts';
import {
  answering,
  cleanSteps,
  config,
  DEFINITION,
  engineOn,
  failing,
  OUTPUTS,
  someEvent,
} from '../../../helpers/engine.ts';
import { scratch } from '../../../helpers/scratch.ts';

type State = keyof typeof OUTPUTS;

const run = (steps: Partial<Record<State, Step>>) =>
  engineOn(scratch(), { steps: { ...cleanSteps(), ...steps } }).run(someEvent());

const route = (execution: Execution): string[] => execution.visits.map((visit) => visit.state);

const definition = loadStateMachine(DEFINITION);

/** Every Retry of the definition: state, one error name, and how often it is tried again. */
const retriers = Object.entries(definition.States).flatMap(([state, { ...body }]) =>
  'Retry' in body
    ? (body.Retry ?? []).flatMap((retry) =>
        retry.ErrorEquals.map((error) => ({ state: state as State, error, max: retry.MaxAttempts ?? 3 })),
      )
    : [],
);

const retriesOf = (state: State, error: string): number =>
  retriers.find((retrier) => retrier.state === state && retrier.error === error)?.max ?? 0;

const catchers = Object.entries(definition.States).flatMap(([state, { ...body }]) =>
  'Catch' in body
    ? (body.Catch ?? []).flatMap((catcher) =>
        catcher.ErrorEquals.map((error) => ({ state: state as State, error, next: catcher.Next })),
      )
    : [],
);

/** Steps that lead an execution to a state that a clean file does not reach. */
const towards = (state: string): Partial<Record<State, Step>> => {
  if (state === 'Quarantine')
    return { QualityScore: answering({ ...OUTPUTS.QualityScore, verdict: 'fail' }) };
  return state.endsWith('Large') ? { [state.replace(/Large$/, '')]: failing('OutOfMemory', {}) } : {};
};

describe('routes', () => {
  test('a clean file goes from Validate to Succeeded', async () => {
    const execution = await run({});
    expect(execution).toMatchObject({ status: 'succeeded', key: 'signups/a.csv', dataset: 'signups' });
    expect(route(execution)).toEqual([
      'Validate',
      'QualityScore',
      'QualityGate',
      'Transform',
      'LoadToGold',
      'RowsRejected',
      'Succeeded',
    ]);
    expect(execution.output).toMatchObject({ validate: OUTPUTS.Validate, load: OUTPUTS.LoadToGold });
  });

  test('refused rows go to Quarantine after the rest was loaded', async () => {
    const rows = { read: 3, accepted: 2, rejected: 1 };
    const execution = await run({ Validate: answering({ rows }) });
    expect(route(execution).slice(-3)).toEqual(['RowsRejected', 'Quarantine', 'Succeeded']);
  });

  test('a file below the threshold goes to Quarantine and is not transformed', async () => {
    const execution = await run(towards('Quarantine'));
    expect(execution.status).toBe('succeeded');
    expect(route(execution)).toEqual(['Validate', 'QualityScore', 'QualityGate', 'Quarantine', 'Succeeded']);
  });

  test('steps are called with the execution and the state, as JSON', async () => {
    const calls: unknown[] = [];
    const execution = await run({
      Validate: async (input) => {
        calls.push(input);
        return { ...(await cleanSteps().Validate(input, undefined as never)), at: new Date(0) };
      },
    });
    expect(calls).toMatchObject([{ execution: execution.id, state: { 'detail-type': 'Object Created' } }]);
    expect(execution.visits[1]?.input).toMatchObject({ validate: { at: '1970-01-01T00:00:00.000Z' } });
  });
});

describe('Retry', () => {
  test('there is one on every state that calls a function', () => {
    expect(new Set(retriers.map(({ state }) => state))).toEqual(new Set(Object.keys(OUTPUTS)));
  });

  test.each(retriers)('$state: $error passes after $max retries', async ({ state, error, max }) => {
    const execution = await run({ ...towards(state), [state]: failing(error, OUTPUTS[state], max) });
    expect(execution.status).toBe('succeeded');
    expect(execution.visits.find((visit) => visit.state === state)).toMatchObject({ tries: max + 1 });
  });

  const uncaught = retriers.filter(
    ({ state, error }) => !catchers.some((catcher) => catcher.state === state && catcher.error === error),
  );
  test.each(uncaught)(
    '$state: $error fails there when $max retries do not help',
    async ({ state, error, max }) => {
      const execution = await run({ ...towards(state), [state]: failing(error, OUTPUTS[state], max + 1) });
      expect(execution).toMatchObject({ status: 'failed', error: { Error: error }, resume: { state } });
      expect(execution.visits.at(-1)).toMatchObject({ state, tries: max + 1 });
    },
  );
});

describe('Catch', () => {
  test.each(catchers)('$state: $error goes to $next with the error', async ({ state, error, next }) => {
    // The state comes again once the execution has gone back to Validate.
    const times = next === 'ContractChanged' ? 1 : Number.POSITIVE_INFINITY;
    const execution = await run({ ...towards(state), [state]: failing(error, OUTPUTS[state], times) });
    expect(execution.status).toBe('succeeded');
    const at = execution.visits.findIndex((visit) => visit.state === state);
    expect(execution.visits[at]).toMatchObject({ caughtBy: next, tries: 1 + retriesOf(state, error) });
    const entered = execution.visits[at + 1];
    expect(entered?.state).toBe(next);
    const field = next.endsWith('Large') ? 'outgrown' : 'error';
    expect(entered?.input).toMatchObject({ [field]: { Error: error } });
    const caught = entered?.input as Record<string, StateError> | undefined;
    expect(JSON.parse(caught?.[field]?.Cause ?? '')).toMatchObject({
      errorType: error,
      errorMessage: `${error} happened`,
    });
  });

  test.each(['OutOfMemory', 'OutOfDisk', 'Runtime.OutOfMemory', 'Runtime.ExitError'])(
    '%s in every state: each is tried on its larger function, and the file comes through',
    async (error) => {
      const small = ['Validate', 'QualityScore', 'Transform', 'LoadToGold'];
      const execution = await run(Object.fromEntries(small.map((state) => [state, failing(error, {})])));
      expect(execution.status).toBe('succeeded');
      expect(route(execution)).toEqual([
        ...['Validate', 'ValidateLarge', 'QualityScore', 'QualityScoreLarge', 'QualityGate'],
        ...['Transform', 'TransformLarge', 'LoadToGold', 'LoadToGoldLarge', 'RowsRejected', 'Succeeded'],
      ]);
      expect(execution.output).toMatchObject({
        validate: OUTPUTS.Validate,
        quality: OUTPUTS.QualityScore,
        transform: OUTPUTS.Transform,
        load: OUTPUTS.LoadToGold,
      });
      expect(execution.output).not.toHaveProperty('error');
    },
  );

  test.each(['Validate', 'QualityScore', 'Transform', 'LoadToGold'])(
    '%s: what the larger function has not the memory for either fails there',
    async (state) => {
      const large = `${state}Large`;
      const steps = { [state]: failing('OutOfMemory', {}), [large]: failing('OutOfMemory', {}) };
      expect(await run(steps)).toMatchObject({
        status: 'failed',
        error: { Error: 'OutOfMemory' },
        resume: { state: large },
      });
    },
  );
});

describe('faults', () => {
  test.each(Object.keys(OUTPUTS) as State[])(
    '%s: an unknown error fails right there, untried',
    async (state) => {
      const execution = await run({ ...towards(state), [state]: failing('SomethingElse', {}) });
      expect(execution).toMatchObject({ status: 'failed', resume: { state }, attempts: 1 });
      expect(execution.error).toMatchObject({ Error: 'SomethingElse' });
      expect(execution.error && messageOf(execution.error)).toBe('SomethingElse happened');
      expect(execution.visits.at(-1)).toMatchObject({ state, tries: 1 });
    },
  );

  test('a step without an Error object is reported too', async () => {
    const execution = await run({ Validate: () => Promise.reject('a text') });
    expect(execution.error && messageOf(execution.error)).toBe('a text');
  });

  test('more than 256 KiB out of a step is an error, as on AWS', async () => {
    const execution = await run({ Validate: answering({ blob: 'x'.repeat(256 * 1024) }) });
    expect(execution.error).toMatchObject({ Error: 'States.DataLimitExceeded' });
    expect(execution.resume.state).toBe('Validate');
  });

  test('more than 256 KiB into a step is an error, although each output was smaller', async () => {
    const blob = 'x'.repeat(150 * 1024);
    const execution = await run({
      Validate: answering({ blob }),
      QualityScore: answering({ ...OUTPUTS.QualityScore, blob }),
    });
    expect(execution.error).toMatchObject({ Error: 'States.DataLimitExceeded' });
    expect(execution.resume.state).toBe('Transform');
  });

  test('a step is told what it may use: what the execution was allowed, else the configuration', async () => {
    const allowed: [number, number][] = [];
    const Validate: Step = async (input, context) => {
      allowed.push([context.config.memoryMb, context.config.threads]);
      return cleanSteps().Validate(input, context);
    };
    const engine = engineOn(scratch(), { steps: { ...cleanSteps(), Validate } });
    await engine.run(someEvent());
    await engine.run(someEvent(), { memoryMb: 640 });
    expect(allowed).toEqual([
      [config.memoryMb, config.threads],
      [640, config.threads],
    ]);
  });

  test('a Task state without a step is refused before anything runs', () => {
    const { Transform: _, ...steps } = cleanSteps();
    expect(() => engineOn(scratch(), { steps })).toThrow(/calls Transform, and no step/);
  });
});

describe('redrive', () => {
  test.each(Object.keys(OUTPUTS) as State[])('%s: resumes there, with that input', async (state) => {
    const lake = scratch();
    const calls: string[] = [];
    const noting = Object.fromEntries(
      Object.entries({ ...cleanSteps(), ...towards(state) }).map(([name, step]): [string, Step] => [
        name,
        (input, context) => {
          calls.push(name);
          return step(input, context);
        },
      ]),
    );
    const broken = engineOn(lake, { steps: { ...noting, [state]: failing('Fault', {}) } });
    const failed = await broken.run(someEvent());
    calls.length = 0;
    const redriven = await engineOn(lake, { steps: noting }).redrive(failed.id);
    expect(redriven).toMatchObject({ id: failed.id, status: 'succeeded', attempts: 2 });
    expect(calls[0]).toBe(state);
    const visits = redriven.visits.filter((visit) => visit.state === state);
    expect(visits.map((visit) => visit.attempt)).toEqual([1, 2]);
    expect(visits[1]?.input).toEqual(visits[0]?.input);
  });

  test('retries start from the beginning', async () => {
    const lake = scratch();
    const steps = { ...cleanSteps(), Validate: failing('StorageUnavailable', OUTPUTS.Validate, 6 + 5) };
    const engine = engineOn(lake, { steps });
    const failed = await engine.run(someEvent());
    expect(failed).toMatchObject({ status: 'failed' });
    const redriven = await engine.redrive(failed.id);
    expect(redriven.status).toBe('succeeded');
    expect(redriven.visits[1]).toMatchObject({ state: 'Validate', attempt: 2, tries: 6 });
  });

  test('a finished execution and an unknown one are refused', async () => {
    const engine = engineOn(scratch());
    const { id } = await engine.run(someEvent());
    await expect(engine.redrive(id)).rejects.toThrow(/succeeded: there is nothing to redrive/);
    await expect(engine.redrive('20000101T000000-aaaa')).rejects.toThrow(/no execution 20000101T000000-aaaa/);
  });

  test('a running execution is refused', async () => {
    const lake = scratch();
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const Validate: Step = async (input, context) => {
      enter();
      await held;
      return cleanSteps().Validate(input, context);
    };
    const engine = engineOn(lake, { steps: { ...cleanSteps(), Validate } });
    const running = engine.run(someEvent());
    await entered;
    const [listed] = engine.list('running');
    await expect(engine.redrive(listed?.id ?? '')).rejects.toThrow(/still running/);
    release();
    expect((await running).status).toBe('succeeded');
  });

  test('of two at the same time one wins', async () => {
    const lake = scratch();
    const steps = { ...cleanSteps(), Transform: failing('Fault', OUTPUTS.Transform, 1) };
    const engine = engineOn(lake, { steps });
    const { id } = await engine.run(someEvent());
    const results = await Promise.allSettled([engine.redrive(id), engine.redrive(id)]);
    expect(results.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(engine.find(id)).toMatchObject({ status: 'succeeded', attempts: 2 });
  });
});

test('an event is on disk before the next state starts', async () => {
  const lake = scratch();
  const engine = engineOn(lake, {
    steps: {
      ...cleanSteps(),
      QualityScore: async (input, context) => {
        const [execution] = engine.list();
        expect(execution?.visits).toMatchObject([
          { state: 'Validate', output: { validate: OUTPUTS.Validate } },
          { state: 'QualityScore', input: { validate: OUTPUTS.Validate } },
        ]);
        return cleanSteps().QualityScore(input, context);
      },
    },
  });
  expect(await engine.run(someEvent())).toMatchObject({ status: 'succeeded' });
});

test('events are reported in their order', async () => {
  const seen: string[] = [];
  const engine = engineOn(scratch(), { onEvent: (_, event) => seen.push(event.type) });
  await engine.run(someEvent());
  expect(seen.slice(0, 3)).toEqual(['StateEntered', 'StateExited', 'StateEntered']);
  expect(seen.at(-1)).toBe('ExecutionSucceeded');
});
