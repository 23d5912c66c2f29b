import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../../helpers/engine.ts';
import { pythonWith, venvPrograms } from '../../helpers/python-venv.ts';
import { until } from './until.ts';

const MINISTACK = 'ministack==1.5.33';

/** The program that the commands in docs use. */
const AWS_CLI = 'awscli==1.46.2';

const VENV = 'ministack';

/** The folder of the program `aws`; it exists once MiniStack runs. */
export const TOOLS = venvPrograms(VENV);

/** A running MiniStack, an emulator of the AWS APIs that runs the functions' own code on this machine's Node. */
export interface MiniStack {
  /** MiniStack's output so far, for reports of failures. */
  log(): Promise<string>;
  /** Ends MiniStack and the functions that it started, and removes their files. */
  stop(): Promise<void>;
}

/** A free port. If another process takes it first, the start fails. */
export const freePort = async (): Promise<number> => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
};

/**
 * Starts MiniStack on this port.
 *
 * @param endpoint the URL that functions use for AWS
 */
export const startMiniStack = async (port: number, endpoint: string): Promise<MiniStack> => {
  const binary = await pythonWith(VENV, [MINISTACK, AWS_CLI]);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'duckstep-ministack-'));
  const logFile = path.join(folder, 'ministack.log');
  const sink = await open(logFile, 'a');
  const child = spawn(binary, [path.join(ROOT, 'tests/e2e/emulator/adapted.py')], {
    cwd: folder,
    // Runs in its own process group, so that the functions that it leaves can be ended too.
    detached: true,
    stdio: ['ignore', sink.fd, sink.fd],
    env: {
      // Functions run on the first `node` in the path: this one, which has the major version of Lambda.
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
      HOME: folder,
      TMPDIR: folder,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      AWS_ENDPOINT_URL: endpoint,
      // Functions get the credentials of their roles, and every request is checked against the policies.
      AUTH: 'true',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      MINISTACK_REGION: 'us-east-1',
      LAMBDA_EXECUTOR: 'local',
      // Shortens the waits of Retry to a tenth.
      SFN_WAIT_SCALE: '0.1',
      LOG_LEVEL: 'INFO',
    },
  });
  await sink.close();
  const log = () => readFile(logFile, 'utf8');
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until('MiniStack answers', async () => {
      if (child.exitCode !== null) throw new Error(`MiniStack ended at once:\n${await log()}`);
      const response = await fetch(`http://127.0.0.1:${port}/_ministack/health`).catch(() => undefined);
      return response?.ok === true;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { log, stop };
};

const end = async (child: ChildProcess): Promise<void> => {
  const { pid } = child;
  if (pid === undefined) return;
  const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  signalGroup(pid, 'SIGTERM');
  const late = setTimeout(() => signalGroup(pid, 'SIGKILL'), 10_000);
  await exited;
  clearTimeout(late);
  signalGroup(pid, 'SIGKILL');
};

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // No process of the group is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
