import os from 'node:os';
import path from 'node:path';
import { type Gateway, startGateway } from './gateway.ts';
import { freePort, startMiniStack, TOOLS } from './ministack.ts';

/** An empty emulated AWS account on a free port of this machine. */
export interface Emulator {
  gateway: Gateway;
  /** The configuration of clients of the AWS SDK. */
  client: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  /** The environment of programs such as `aws`; it includes this process's variables. */
  env: NodeJS.ProcessEnv;
  log(): Promise<string>;
  stop(): Promise<void>;
}

export const startEmulator = async (): Promise<Emulator> => {
  const port = await freePort();
  const gateway = await startGateway(port);
  const { endpoint, close } = gateway;
  const ministack = await startMiniStack(port, endpoint).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const region = 'us-east-1';
  return {
    gateway,
    client: { endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
    env: {
      ...withoutAws(process.env),
      PATH: [TOOLS, path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_CONFIG_FILE: os.devNull,
      AWS_SHARED_CREDENTIALS_FILE: os.devNull,
    },
    log: ministack.log,
    stop: async () => {
      await ministack.stop();
      await close();
    },
  };
};

/** Overrides this machine's AWS settings, so that no program reaches AWS instead of the emulator. */
const withoutAws = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AWS_')));
