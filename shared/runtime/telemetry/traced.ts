import type { Tracer } from '@aws-lambda-powertools/tracer';
import type { RunKeys } from './run-keys.ts';

/** Runs the work in its own segment, which can be searched by run, dataset, execution and error name. */
export const traced = async <T>(
  tracer: Tracer,
  state: string,
  run: RunKeys | undefined,
  work: () => Promise<T>,
): Promise<T> => {
  const parent = tracer.getSegment();
  if (parent === undefined) return await work();
  const segment = parent.addNewSubsegment(`## ${state}`);
  tracer.setSegment(segment);
  tracer.annotateColdStart();
  tracer.addServiceNameAnnotation();
  if (run !== undefined)
    for (const name of ['run_id', 'dataset', 'execution'] as const) tracer.putAnnotation(name, run[name]);
  try {
    return await work();
  } catch (error) {
    tracer.putAnnotation('error', error instanceof Error ? error.name : 'unknown');
    segment.addFaultFlag();
    throw error;
  } finally {
    segment.close();
    tracer.setSegment(parent);
  }
};
