import { once } from 'node:events';
import http from 'node:http';
import { pipeline } from 'node:stream';

/** Makes the next `times` matching requests fail with an internal error. */
export interface Fault {
  method: string;
  /** A part of the request's path. */
  path: string;
  times: number;
}

/**
 * A proxy in front of the emulator, through which all requests go. It marks them as sent over TLS, which the buckets
 * require, and can make requests fail.
 */
export interface Gateway {
  endpoint: string;
  /** Makes matching requests fail from now on; the returned fault counts down. */
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
