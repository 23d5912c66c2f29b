import { measure } from '../../../bench/measured-process.ts';

const node = (script: string): string[] => [process.execPath, '-e', script];

test('memory and CPU time of children count, also of those that nobody waits for', async () => {
  const child = 'const b = Buffer.alloc(150 * 2 ** 20, 1); while (process.cpuUsage().user < 1.5e6) b.fill(1)';
  const parent = `const c = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}]); c.on('exit', () => {})`;
  const measured = await measure(node(parent), { timeoutMs: 300_000 });
  expect(measured.failure).toBeUndefined();
  // Two processes of Node, and the child's buffer.
  expect(measured.peakMb).toBeGreaterThan(200);
  expect(measured.cpuMs).toBeGreaterThan(1_400);
});

test('a program that fails is told with its last words', async () => {
  const measured = await measure(node("console.error('out of luck'); process.exit(3)"), {
    timeoutMs: 300_000,
  });
  expect(measured.failure).toBe('ended with 3: out of luck');
});

test('a program that takes too long is ended, with its children', async () => {
  const began = Date.now();
  const measured = await measure(node("require('node:child_process').spawnSync('sleep', ['60'])"), {
    timeoutMs: 500,
  });
  expect(measured.failure).toBe('took longer than 0.5 s');
  expect(Date.now() - began).toBeLessThan(60_000);
});
