import type { RemoveOptions } from './pipeline.ts';
import { type RemovalReport, type RemovalSource, removeFiles } from './removal/remove-files.ts';

/** `Pipeline.remove` over a lake in any storage. */
export const removeFromLake = async (
  source: RemovalSource,
  asked: readonly string[],
  { keepRaw = false, dryRun = false, observe }: RemoveOptions,
): Promise<RemovalReport[]> =>
  await removeFiles(source, asked, {
    ...{ keepRaw, dryRun },
    onWork: (what) => observe?.({ type: 'working', what }),
  });
