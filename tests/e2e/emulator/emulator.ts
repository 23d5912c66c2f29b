import { type Gateway, startGateway } from './gateway.ts';
import { freePort, startMiniStack } from './ministack.ts';

/** Emulated AWS on a free port of this machine, with nothing in it. */
export interface Emulator {
  gateway: Gateway;
  /** For clients of the AWS SDK. */
  client: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  /** For programs, this process's own variables included. */
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
      ...process.env,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
    },
    log: ministack.log,
    stop: async () => {
      await ministack.stop();
      await close();
    },
  };
};
