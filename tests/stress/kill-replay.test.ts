import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openLake } from '../../operate/local/lake.ts';
import { LocalPipeline } from '../../operate/local/local-pipeline.ts';
import { askLake } from '../helpers/ask-lake.ts';
import { ROOT } from '../helpers/engine.ts';
import { datasets } from '../helpers/pipeline.ts';
import { fileFor } from '../helpers/pipeline-suite.ts';
import { runCommand } from '../helpers/run-command.ts';
import { scratch } from '../helpers/scratch.ts';

const FILES = 12;

const contract = (maximum: number): string => `
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - { name: id, logicalType: integer, primaryKey: true }
      - { name: amount, logicalType: integer, logicalTypeOptions: { maximum: ${maximum} } }
`;

/** Kills the replay with its whole group, once this many of its executions have ended. */
const killAfter = async (folder: string, sqlDir: string, ended: number, args: string[]): Promise<void> => {
  const program = [path.join(ROOT, 'cli/duckstep.ts'), '--lake', folder, 'replay', ...args];
  const child = spawn(path.join(ROOT, 'node_modules/.bin/node'), program, {
    ...{ detached: true, stdio: 'ignore', env: { ...process.env, DUCKSTEP_SQL_DIR: sqlDir } },
  });
  const gone = once(child, 'exit');
  const { pipeline } = opened(folder, sqlDir);
  for (;;) {
    const replayed = (await pipeline.executions({ limit: 1_000 })).executions.length - FILES;
    if (replayed > ended || child.exitCode !== null) break;
    await setTimeout(20);
  }
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  await gone;
  // A process counts as dead when its heartbeat is silent, or its id is gone.
};

const opened = (folder: string, sqlDir: string) => ({
  pipeline: new LocalPipeline({ root: ROOT, env: {}, lake: folder, sqlDir }),
  query: (sql: string) => askLake({ folder, lake: openLake(folder), sqlDir }, sql),
});

test('a replay that is killed twice is continued, and loads every file in its true order', async () => {
  const sqlDir = datasets({ 'orders/contract.yaml': contract(100) });
  const folder = path.join(scratch(), 'lake');
  const { pipeline, query } = opened(folder, sqlDir);
  // All files bring the same key, and one of their own: the last upload has the last word.
  const files = Array.from({ length: FILES }, (_, n) =>
    fileFor(`orders/${String(n).padStart(2, '0')}.csv`, `id,amount\n0,${1_000 + n}\n${n + 1},${1_000 + n}\n`),
  );
  for (const outcome of await pipeline.run(files)) expect(outcome.verdict).toBe('quarantined');
  writeFileSync(path.join(sqlDir, 'orders/contract.yaml'), contract(10_000));
  const resume = ['--quarantined', '--resume', '2026-12-01T00:00:00.000Z'];
  await killAfter(folder, sqlDir, 2, resume);
  await killAfter(folder, sqlDir, 6, resume);
  const { code, err } = await runCommand({ DUCKSTEP_SQL_DIR: sqlDir }, '--lake', folder, 'replay', ...resume);
  expect({ code, err }).toMatchObject({ code: 0 });

  expect(await query('FROM silver.orders ORDER BY id')).toMatchObject([
    { id: 0, amount: 1_000 + FILES - 1 },
    ...files.map((_, n) => ({ id: n + 1, amount: 1_000 + n })),
  ]);
  const executions = (await pipeline.executions({ limit: 1_000 })).executions;
  const replays = executions.slice(0, executions.length - FILES).map(({ key, status }) => `${key} ${status}`);
  expect(replays.toSorted()).toEqual(files.map(({ key }) => `${key} succeeded`));
  expect((await runCommand({ DUCKSTEP_SQL_DIR: sqlDir }, '--lake', folder, 'replay', ...resume)).out).toBe(
    'Nothing to run.',
  );
});
