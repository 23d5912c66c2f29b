import { once } from 'node:events';
import http from 'node:http';
import { pipeline } from 'node:stream';

/** Answers requests that match with an internal error, so many times. */
export interface Fault {
  method: string;
  /** Part of the request's path. */
  path: string;
  times: number;
}

/**
 * What stands before AWS: everybody's requests go through it. It says that they came over TLS, as the buckets demand,
 * and it can have a bad day.
 */
export interface Gateway {
  endpoint: string;
  /** Requests that match fail from now on; the returned fault counts down. */
  fail(fault: Fault): Fault;
  close(): Promise<void>;
}

const INTERNAL_ERROR =
  '<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>';

export const startGateway = async (emulatorPort: number): Promise<Gateway> => {
  const faults: Fault[] = [];
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const fault = faults.find(
      ({ method, path, times }) => times > 0 && request.method === method && request.url?.includes(path),
    );
    if (fault) {
      fault.times -= 1;
      request.resume();
      response.writeHead(500, { 'content-type': 'application/xml' }).end(INTERNAL_ERROR);
      return;
    }
    const { method, url } = request;
    const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
    const forwarded = http.request({
      port: emulatorPort,
      host: '127.0.0.1',
      method,
      path: url,
      headers,
      agent,
    });
    forwarded.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      pipeline(answer, response, () => undefined);
    });
    forwarded.on('error', () => response.destroy());
    pipeline(request, forwarded, () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gateway has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    fail: (fault) => {
      faults.push(fault);
      return fault;
    },
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
