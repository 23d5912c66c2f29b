import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ROOT } from './paths.ts';
import { ProcessTree } from './process-tree.ts';

/** One run of a contender, measured from outside. */
export interface Measured {
  wallMs: number;
  /** User and system time of the whole process tree; without /proc, only of processes that were waited for. */
  cpuMs: number;
  /** Peak memory of the whole process tree, in MB of 2^20 bytes. */
  peakMb: number;
  /** Reason and last output of a run that failed. */
  failure?: string;
}

/** Length of the kept end of a process's output, in characters. */
const LAST_WORDS = 2000;

/**
 * The shell waits for the command and then prints the CPU time of all its descendants that were waited for: the second
 * line of POSIX's `times`, written to file descriptor 3.
 */
const TIMED = '"$@" 3>&-; code=$?; times >&3; exit $code';

/** CPU time in ms from the output of `times`: minutes and seconds, of the shell and of its children. */
export const parseTimes = (text: string): number => {
  const seconds = [...(text.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return seconds.reduce((total, value) => total + value, 0) * 1000;
};

/** Runs a command to its end and measures it. A failure or timeout is returned as `failure`, not thrown. */
export const measure = async (
  command: readonly string[],
  options: { env?: NodeJS.ProcessEnv; timeoutMs: number },
): Promise<Measured> => {
  const began = performance.now();
  const child = spawn('sh', ['-c', TIMED, 'sh', ...command], {
    env: { ...process.env, ...options.env },
    // A process group of its own, to kill all of it at once.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command[0]} cannot be started`);
  const tree = new ProcessTree(pid);
  let words = '';
  let times = '';
  const hear = (chunk: Buffer): void => {
    words = `${words}${chunk}`.slice(-LAST_WORDS);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  child.stdio[3]?.on('data', (chunk: Buffer) => {
    times += chunk;
  });
  let late = false;
  const end = (): void => {
    process.kill(-pid, 'SIGKILL');
  };
  const timer = setTimeout(() => {
    late = true;
    end();
  }, options.timeoutMs);
  // Kills the command when this process ends.
  process.once('exit', end);
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal, at: performance.now() }));
  await once(child, 'close');
  const { code, signal, at } = await exited;
  clearTimeout(timer);
  process.off('exit', end);
  tree.stop();
  // The tree misses CPU time after its last sample; the shell misses processes that were not waited for.
  const cpuMs = Math.max(parseTimes(times), tree.cpuMs);
  const measured = { wallMs: at - began, cpuMs, peakMb: tree.peakMb };
  if (late) return { ...measured, failure: `took longer than ${options.timeoutMs / 1000} s` };
  if (code === 0) return measured;
  return {
    ...measured,
    failure: `ended with ${signal ?? code}: ${words.trim().replaceAll(`${ROOT}${path.sep}`, '')}`,
  };
};
