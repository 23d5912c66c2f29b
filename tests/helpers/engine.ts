import os from 'node:os';
import path from 'node:path';
import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import { Engine, type EngineOptions } from '../../operate/local/engine.ts';
import { objectCreatedEvent, openLake } from '../../operate/local/lake.ts';
import { loadStateMachine } from '../../operate/local/state-machine.ts';
import type { Step } from '../../shared/runtime/step.ts';

export const ROOT = path.resolve(__dirname, '../..');
export const DEFINITION = path.join(ROOT, 'statemachines/pipeline.asl.yml');

export const config = {
  memoryMb: 1024,
  threads: 2,
  sqlDir: path.join(ROOT, 'sql'),
  scratchRoot: os.tmpdir(),
  maxUnpackedBytes: 2 ** 30,
  maxRecordBytes: 2 ** 20,
};

const usage = { duration_ms: 1, memory_mb: 1, requests: 0, bytes_read: 0, bytes_written: 0 };

/** A step that returns the same output for every input. */
export const answering =
  (output: object): Step =>
  async () => ({ ...output, usage });

/** A step that throws an error of this name for the first `times` calls, and then returns the output. */
export const failing = (name: string, output: object, times = Number.POSITIVE_INFINITY): Step => {
  let failed = 0;
  return async () => {
    failed += 1;
    if (failed > times) return { ...output, usage };
    throw Object.assign(new Error(`${name} happened`), { name });
  };
};

export const someEvent = (key = 'signups/a.csv') => ({
  ...objectCreatedEvent('raw', {
    key,
    size: 10,
    etag: 'e0e0e0e0e0e0',
    versionId: '00061cd0c5d0a000-e0e0e0e0e0e0',
    lastModified: new Date('2026-01-02T03:04:05.678Z'),
  }),
  id: '00000000-0000-0000-0000-000000000000',
});

const ANSWERS = {
  Validate: {
    rows: { read: 3, accepted: 3, rejected: 0 },
    again: { ...someEvent(), restarts: { wait_seconds: 0 } },
  },
  QualityScore: { verdict: 'pass', score: 1, threshold: 0.95, reason: 'All rules hold.' },
  Transform: { rows: { filtered: 0, duplicate: 1, silver: 2 } },
  LoadToGold: { status: 'loaded' },
};

export const OUTPUTS = {
  ...ANSWERS,
  ValidateLarge: ANSWERS.Validate,
  QualityScoreLarge: ANSWERS.QualityScore,
  TransformLarge: ANSWERS.Transform,
  LoadToGoldLarge: ANSWERS.LoadToGold,
  Quarantine: { scope: 'rows', rows: 1 },
};

/** Fake steps with the outputs of a clean file, for tests of the routes through the state machine. */
export const cleanSteps = (): Record<keyof typeof OUTPUTS, Step> =>
  Object.fromEntries(Object.entries(OUTPUTS).map(([state, output]) => [state, answering(output)])) as Record<
    keyof typeof OUTPUTS,
    Step
  >;

let loaded: StateMachineDefinition | undefined;

/** The deployed definition, read once per file of tests. It takes a fifth of a second to validate, which is done once. */
export const loadDefinition = (): StateMachineDefinition => {
  loaded ??= loadStateMachine(DEFINITION, process.env.NODE_COMPILE_CACHE);
  return loaded;
};

/** An engine over a lake in the folder, without waiting times. */
export const engineOn = (lakeFolder: string, options: Partial<EngineOptions> = {}): Engine =>
  new Engine({
    lakeFolder,
    lake: openLake(lakeFolder),
    config,
    definition: loadDefinition(),
    steps: cleanSteps(),
    retryDelayMs: 0,
    ...options,
  });
