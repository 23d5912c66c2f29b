import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { listDatasets } from '../../shared/contract/load.ts';
import type { WatchEvent } from '../events.ts';
import { outcomeOf } from '../outcome.ts';
import { DEFAULT_CONCURRENCY } from '../queue.ts';
import { statesTo } from './observe.ts';
import { sharesOf } from './shares.ts';
import { tidyUp } from './tidy-up.ts';
import { type Watch, watchRaw } from './watch.ts';
import type { Workspace } from './workspace.ts';

export interface WatchLakeOptions {
  /** Files at a time, at most. Default: `DEFAULT_CONCURRENCY`. */
  concurrency?: number | undefined;
  observe(event: WatchEvent): void;
}

export interface Watching extends Watch {
  /** The folder that is watched. */
  folder: string;
  /** Files at a time: fewer than asked for where the machine has no memory for more. */
  concurrency: number;
}

/** Watches the raw folder of a lake, with a folder for each dataset in it. */
export const watchLake = async (
  workspace: Workspace,
  { concurrency = DEFAULT_CONCURRENCY, observe }: WatchLakeOptions,
): Promise<Watching> => {
  const { lakeFolder, config } = workspace;
  await tidyUp(workspace);
  const folder = path.join(lakeFolder, 'raw');
  for (const dataset of await listDatasets(config.sqlDir))
    await mkdir(path.join(folder, dataset), { recursive: true });
  const shares = sharesOf(config, concurrency);
  const watch = watchRaw({
    ...workspace,
    shares,
    onEvent: statesTo(observe),
    onEnd: (execution) => observe({ type: 'outcome', outcome: outcomeOf(execution) }),
    onFailedEarlier: ({ id, key }) => observe({ type: 'failed-earlier', execution: id, key }),
    onIgnored: (key, reason) => observe({ type: 'ignored', key, reason }),
    onError: (key, thrown) => {
      const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
      observe({ type: 'error', key: key === '' ? folder : key, error: { name, message } });
    },
  });
  return { ...watch, folder, concurrency: shares.concurrency };
};
