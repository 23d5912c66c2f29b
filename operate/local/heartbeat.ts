import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isRunning } from '../../shared/engine/scratch.ts';
import type { ProcessIdentity } from './execution-events.ts';

const BEAT_MS = 2_000;

/** A process that has not touched its file for this long counts as dead. */
const SILENCE_MS = 5 * BEAT_MS;

/** The heartbeats of this process, by folder. */
const pulses = new Map<string, ProcessIdentity>();

const stopAll = (): void => {
  for (const [folder, { heartbeat }] of pulses) rmSync(path.join(folder, heartbeat), { force: true });
};

/**
 * Shows that this process is alive: touches a file in the folder every two seconds, and removes it at a regular exit. One
 * file per process and folder, however often this is called.
 */
export const startHeartbeat = (folder: string): ProcessIdentity => {
  const beating = pulses.get(folder);
  if (beating !== undefined) return beating;
  const host = os.hostname();
  const identity = {
    heartbeat: `${process.pid}-${randomBytes(4).toString('hex')}`,
    pid: process.pid,
    host,
  };
  const file = path.join(folder, identity.heartbeat);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${host}\n`);
  const timer = setInterval(() => beat(file, timer), BEAT_MS);
  timer.unref();
  if (pulses.size === 0) process.once('exit', stopAll);
  pulses.set(folder, identity);
  return identity;
};

/** Whether the process still runs: its file is fresh and, on this host, a process has its id. */
export const isAlive = (folder: string, identity: ProcessIdentity): boolean => {
  const touched = statSync(path.join(folder, identity.heartbeat), { throwIfNoEntry: false })?.mtimeMs;
  if (touched === undefined || Date.now() - touched > SILENCE_MS) return false;
  if (identity.host !== os.hostname()) return true;
  // A restarted container has the host name and the process id of its predecessor, whose last beat was earlier.
  return identity.pid === process.pid ? touched > startedAt() : isRunning(identity.pid);
};

const startedAt = (): number => Date.now() - process.uptime() * 1000;

/** Stops where the lake's folder has been removed: then no process looks for the file either. */
const beat = (file: string, timer: NodeJS.Timeout): void => {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    clearInterval(timer);
  }
};
