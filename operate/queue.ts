/** Small files all take about as long as an empty one; large files take longer the larger they are. */
export type SizeClass = 'small' | 'large';

export const SIZE_CLASSES: readonly SizeClass[] = ['small', 'large'];

/** The number of files in a queue, by size class. */
export interface Load {
  running: Record<SizeClass, number>;
  waiting: Record<SizeClass, number>;
  done: number;
}

/** Files that a laptop processes at a time: each step may take a quarter of the machine's memory. */
export const DEFAULT_CONCURRENCY = 3;
