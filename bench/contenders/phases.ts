import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ContenderResult, Job, Phase } from '../job.ts';

/** What the process did in the order in which it did it. */
export class Phases {
  readonly done: Phase[] = [];

  /** Does a part of the work and remembers what it took. */
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

  /** From the process's start until now: what starting Node and loading the modules took. */
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

/** The job that this process was called with. */
export const readJob = (): Job => JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Job;

export const writeResult = (job: Job, result: ContenderResult): void =>
  writeFileSync(path.join(job.folder, 'result.json'), JSON.stringify(result, null, 2));
