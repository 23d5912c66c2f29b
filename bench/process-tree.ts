import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Description of the memory measurement on this system, for reports. */
export const MEMORY_METHOD = existsSync('/proc/self/status')
  ? 'sum of the resident set sizes in /proc of all processes of the tree, every 25 ms, and at least the largest VmHWM'
  : 'sum of the resident set sizes of all processes of the tree from ps, every 250 ms';

const INTERVAL_MS = existsSync('/proc/self/status') ? 25 : 250;

/** Units of the CPU times in /proc, per second: Linux has reported 100 on every platform for decades. */
const TICKS_PER_SECOND = 100;

/** The tree is searched once per this many samples of its sizes, because a search reads all of /proc. */
const LOOKUP_EVERY = 8;

/**
 * The process ids of a process and of all its descendants.
 *
 * @param parents pid → ppid of every process
 */
export const descendants = (root: number, parents: ReadonlyMap<number, number>): number[] => {
  const children = Map.groupBy(parents.keys(), (pid) => parents.get(pid) ?? 0);
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []).filter((child) => !found.includes(child)));
  return found;
};

/** Samples a process and all its descendants periodically. */
export class ProcessTree {
  /** In MB of 2^20 bytes. */
  peakMb = 0;
  /** CPU time of each process when it was last seen, in ticks. */
  readonly #ticks = new Map<number, number>();
  readonly #root: number;
  readonly #timer: NodeJS.Timeout;
  #pids: number[];
  #looks = 0;

  constructor(root: number) {
    this.#root = root;
    this.#pids = [root];
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS);
    this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** User and system time of all processes that were ever seen; 0 without /proc. */
  get cpuMs(): number {
    const ticks = [...this.#ticks.values()].reduce((total, own) => total + own, 0);
    return (ticks / TICKS_PER_SECOND) * 1000;
  }

  #look(): void {
    const memory = existsSync('/proc/self/status') ? this.#fromProc() : this.#fromPs();
    const together = memory.reduce((total, { now }) => total + now, 0);
    this.peakMb = Math.max(this.peakMb, together / 1024, ...memory.map(({ most }) => most / 1024));
  }

  /** Per process in KB: current memory (`now`) and its own peak (`most`). */
  #fromProc(): { now: number; most: number }[] {
    // At first only the shell exists; it starts the program at once.
    if (this.#looks++ % LOOKUP_EVERY === 0 || this.#pids.length === 1)
      this.#pids = descendants(this.#root, parentsFromProc());
    return this.#pids.flatMap((pid) => {
      const [, , , user, system] = statOf(pid) ?? [];
      if (user !== undefined && system !== undefined) this.#ticks.set(pid, Number(user) + Number(system));
      const status = readIfThere(`/proc/${pid}/status`);
      const kilobytes = (name: string): number =>
        Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
      return status === '' ? [] : [{ now: kilobytes('VmRSS'), most: kilobytes('VmHWM') }];
    });
  }

  #fromPs(): { now: number; most: number }[] {
    const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss='], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number]);
    const sizes = new Map(rows.map(([pid, , rss]) => [pid, rss]));
    const pids = descendants(this.#root, new Map(rows.map(([pid, ppid]) => [pid, ppid])));
    return pids.map((pid) => ({ now: sizes.get(pid) ?? 0, most: 0 }));
  }
}

/** Fields of `/proc/<pid>/stat` (proc(5)): state, parent, and user and system time in ticks. */
const statOf = (pid: number | string): RegExpExecArray | undefined =>
  // The program's name, in parentheses, may contain any text. Nine fields lie between parent and times.
  /^.*\) (\S) (\d+) (?:\S+ ){9}(\d+) (\d+) /s.exec(readIfThere(`/proc/${pid}/stat`)) ?? undefined;

const parentsFromProc = (): Map<number, number> =>
  new Map(
    readdirSync('/proc').flatMap((name) => {
      const stat = /^\d+$/.test(name) ? statOf(name) : undefined;
      return stat === undefined ? [] : [[Number(name), Number(stat[2])] as const];
    }),
  );

/** Empty if the file is gone: a process may end at any moment. */
const readIfThere = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
