/** duckstep's five steps for a file that is already in raw, through the local engine, as `duckstep run` does after its copy. */
import path from 'node:path';
import { version } from '@duckdb/node-api';
import { STEPS } from '../../operate/local/steps.ts';
import { openWorkspace } from '../../operate/local/workspace.ts';
import { ObjectCreated } from '../../shared/run/event.ts';
import type {
  LoadOutput,
  QuarantineOutput,
  TransformInput,
  TransformOutput,
} from '../../shared/run/payload.ts';
import type { Step } from '../../shared/runtime/step.ts';
import { ROOT, SQL_DIR } from '../paths.ts';
import { Phases, readJob, writeResult } from './phases.ts';

const job = readJob();
const phases = new Phases();
phases.started();
const began = performance.now();

const timed =
  (name: string, step: Step): Step =>
  async (input, context) =>
    await phases.run(name, () => step(input, context));

const { engine } = openWorkspace({
  root: ROOT,
  env: process.env,
  lake: path.join(job.folder, 'lake'),
  sqlDir: SQL_DIR,
  steps: Object.fromEntries(Object.entries(STEPS).map(([name, step]) => [name, timed(name, step)])),
});
const execution = await engine.run(ObjectCreated.parse(job.event));
const inProcessMs = performance.now() - began;
if (execution.status !== 'succeeded')
  throw new Error(`The execution ended as ${execution.status}: ${JSON.stringify(execution.error)}`);

type Output = (typeof TransformInput)['_output'] & {
  transform?: TransformOutput;
  load?: LoadOutput;
  quarantine?: QuarantineOutput;
};
const { validate, quality, transform, load, quarantine } = execution.output as Output;
if (transform === undefined || load?.status !== 'loaded')
  throw new Error(`The file was not loaded: ${quality.reason}`);
const usages = [validate, quality, transform, load, quarantine].flatMap((output) => output?.usage ?? []);
const sum = (key: 'requests' | 'bytes_read' | 'bytes_written'): number =>
  usages.reduce((total, usage) => total + usage[key], 0);
writeResult(job, {
  rows: {
    read: validate.rows.read,
    rejected: validate.rows.rejected,
    duplicates: transform.rows.duplicate,
    silver: transform.rows.silver,
  },
  inProcessMs,
  phases: phases.done,
  storage: { requests: sum('requests'), bytesRead: sum('bytes_read'), bytesWritten: sum('bytes_written') },
  versions: { node: process.versions.node, duckdb: version() },
});
