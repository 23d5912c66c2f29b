import { readdirSync, readFileSync } from 'node:fs';

/** One sample of a process. */
export interface ProcessSample {
  rssMb: number;
  threads: number;
  files: number;
  /** User and system time so far. */
  cpuSeconds: number;
}

/** The 14th and 15th field of `/proc/<pid>/stat`, in hundredths of a second (proc(5)); the name field may contain any text. */
const CPU = /^.*\) \S(?: \S+){10} (\d+) (\d+) /s;

/** Samples a process; empty after it has ended. */
export const sampleProcess = (pid: number): ProcessSample[] => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const number = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    const [, user, system] = CPU.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const cpuSeconds = (Number(user) + Number(system)) / 100;
    const files = readdirSync(`/proc/${pid}/fd`).length;
    return [{ rssMb: number('VmHWM') / 1024, threads: number('Threads'), files, cpuSeconds }];
  } catch {
    return [];
  }
};
