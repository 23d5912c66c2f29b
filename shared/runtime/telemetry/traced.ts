import type { Tracer } from '@aws-lambda-powertools/tracer';
import type { Subject } from './subject.ts';

/** Runs the work in a segment of its own, which can be searched by run, dataset, execution and error's name. */
export const traced = async <T>(
  tracer: Tracer,
  state: string,
  subject: Subject | undefined,
  work: () => Promise<T>,
): Promise<T> => {
  const parent = tracer.getSegment();
  if (parent === undefined) return await work();
  const segment = parent.addNewSubsegment(`## ${state}`);
  tracer.setSegment(segment);
  tracer.annotateColdStart();
  tracer.addServiceNameAnnotation();
  if (subject !== undefined)
    for (const name of ['run_id', 'dataset', 'execution'] as const) tracer.putAnnotation(name, subject[name]);
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
