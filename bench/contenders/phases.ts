import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ContenderResult, Job, Phase } from '../job.ts';

/** The phases of the process, in order. */
export class Phases {
  readonly done: Phase[] = [];

  /** Runs a phase and records its time and memory. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const [began, cpu] = [performance.now(), process.cpuUsage()];
    try {
      return await work();
    } finally {
      const used = process.cpuUsage(cpu);
      this.done.push({
        name,
        wallMs: performance.now() - began,
        cpuMs: (used.user + used.system) / 1000,
        peakMb: process.resourceUsage().maxRSS / 1024,
      });
    }
  }

  /** Records the phase from the process's start until now: starting Node and loading modules. */
  started(): void {
    const used = process.cpuUsage();
    this.done.push({
      name: 'start',
      wallMs: performance.now(),
      cpuMs: (used.user + used.system) / 1000,
      peakMb: process.resourceUsage().maxRSS / 1024,
    });
  }
}

/** This process's job. */
export const readJob = (): Job => JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Job;

export const writeResult = (job: Job, result: ContenderResult): void =>
  writeFileSync(path.join(job.folder, 'result.json'), JSON.stringify(result, null, 2));
