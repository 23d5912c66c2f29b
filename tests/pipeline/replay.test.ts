import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openLake } from '../../operate/local/lake.ts';
import { LocalPipeline } from '../../operate/local/local-pipeline.ts';
import type { ReplaySelection } from '../../shared/replay/selection.ts';
import { askLake } from '../helpers/ask-lake.ts';
import { ROOT } from '../helpers/engine.ts';
import { datasets } from '../helpers/pipeline.ts';
import { fileFor } from '../helpers/pipeline-suite.ts';
import { scratch } from '../helpers/scratch.ts';

/** A contract in which the amount of an order is at most this. */
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
    customProperties:
      - { property: qualityThreshold, value: 0.9 }
`;

const lakeWith = (maximum: number) => {
  const sqlDir = datasets({ 'orders/contract.yaml': contract(maximum) });
  const folder = path.join(scratch(), 'lake');
  const pipeline = new LocalPipeline({ root: ROOT, env: {}, lake: folder, sqlDir });
  const query = (sql: string) => askLake({ folder, lake: openLake(folder), sqlDir }, sql);
  return {
    folder,
    pipeline,
    fixRule: (to: number) => writeFileSync(path.join(sqlDir, 'orders/contract.yaml'), contract(to)),
    drop: async (name: string, ...rows: string[]) => {
      const [outcome] = await pipeline.run([
        fileFor(`orders/${name}.csv`, ['id,amount', ...rows, ''].join('\n')),
      ]);
      return outcome?.verdict;
    },
    silver: async () =>
      (await query('FROM silver.orders ORDER BY id')).map(({ id, amount }) => `${id}=${amount}`),
    query,
    replay: async (selection: ReplaySelection) => {
      const { files } = await pipeline.replay(selection);
      return files.map(({ key, outcome }) => `${key} ${outcome?.verdict}`);
    },
  };
};

test('Monday refused, Tuesday loaded, rule fixed, Monday replayed: Tuesday’s values stay', async () => {
  const { drop, fixRule, replay, silver, query } = lakeWith(100);
  expect(await drop('monday', '1,500', '2,500', '3,5')).toBe('quarantined');
  expect(await drop('tuesday', '1,50', '4,40')).toBe('loaded');
  fixRule(1_000);
  expect(await replay({ quarantined: true })).toEqual(['orders/monday.csv loaded']);
  expect(await silver()).toEqual(['1=50', '2=500', '3=5', '4=40']);
  const [monday] = await query(
    "SELECT *, replayed_at IS NOT NULL AS replayed FROM runs WHERE source_key LIKE '%monday%' ORDER BY finished_at DESC",
  );
  expect(monday).toMatchObject({ status: 'loaded', rows_silver: 3, rows_rejected: 0, replayed: true });
  expect(await replay({ quarantined: true })).toEqual([]);
});

test('rows that a fixed rule accepts come in, and those of a corrected file stay', async () => {
  const { drop, fixRule, replay, silver } = lakeWith(100);
  const good = Array.from({ length: 20 }, (_, i) => `${i + 10},1`);
  expect(await drop('a', '1,500', ...good)).toBe('loaded');
  expect(await drop('b', '2,500', ...good)).toBe('loaded');
  expect(await drop('b', '2,20')).toBe('loaded');
  fixRule(1_000);
  // The newest version of b has no row in quarantine.
  expect(await replay({ quarantined: true })).toEqual(['orders/a.csv loaded']);
  expect((await silver()).slice(0, 2)).toEqual(['1=500', '2=20']);
  expect(await silver()).toHaveLength(22);
});

test('an old version of a file does not undo the newer one', async () => {
  const { drop, pipeline, replay, silver } = lakeWith(100);
  await drop('a', '1,1');
  const [first] = (await pipeline.executions()).executions;
  const version = (await pipeline.execution(first?.id ?? ''))?.event.detail.object['version-id'];
  await drop('a', '1,2');
  expect(await replay({ keys: ['orders/a.csv'], version })).toEqual(['orders/a.csv superseded']);
  expect(await silver()).toEqual(['1=2']);
});

test('files that another contract judged get the rows of the contract of now', async () => {
  const { drop, fixRule, replay, silver } = lakeWith(100);
  await drop('a', '1,1', '2,60', ...Array.from({ length: 20 }, (_, i) => `${i + 10},1`));
  fixRule(50);
  expect(await replay({ olderContract: true })).toEqual(['orders/a.csv loaded']);
  expect((await silver()).slice(0, 2)).toEqual(['1=1', '10=1']);
});

test('files that never ran: put into raw by hand, uploaded only, and older than what is loaded', async () => {
  const { folder, drop, pipeline, replay, silver } = lakeWith(100);
  mkdirSync(path.join(folder, 'raw/orders/_temporary'), { recursive: true });
  for (const name of ['by-hand.csv', '_temporary/x.csv']) {
    const file = path.join(folder, 'raw/orders', name);
    writeFileSync(file, 'id,amount\n1,1\n2,1\n');
    utimesSync(file, new Date('2026-01-01'), new Date('2026-01-01'));
  }
  await pipeline.upload([fileFor('orders/uploaded.csv', 'id,amount\n2,2\n3,2\n')]);
  await drop('later', '3,3');
  const plan = await pipeline.planReplay({ missing: true });
  expect(plan.files.map(({ key, because }) => `${key} ${because}`)).toEqual([
    'orders/by-hand.csv never ran',
    'orders/uploaded.csv never ran',
  ]);
  expect(await replay({ missing: true })).toEqual([
    'orders/by-hand.csv loaded',
    'orders/uploaded.csv loaded',
  ]);
  // The file that was put there by hand got its version now: it is the newest.
  expect(await silver()).toEqual(['1=1', '2=1', '3=3']);
  expect(await replay({ missing: true })).toEqual([]);
});

test('a version that is gone is named, and the others are replayed', async () => {
  const { folder, drop, pipeline } = lakeWith(100);
  await drop('a', '1,500');
  await drop('b', '2,500');
  rmSync(path.join(folder, 'raw/.versions/orders/a.csv'), { recursive: true });
  rmSync(path.join(folder, 'raw/orders/a.csv'));
  rmSync(path.join(folder, 'raw/orders/b.csv'));
  const { files, plan } = await pipeline.replay({ quarantined: true });
  expect(files).toMatchObject([{ key: 'orders/b.csv', outcome: { verdict: 'quarantined' } }]);
  expect(plan.skipped).toMatchObject([{ key: 'orders/a.csv', reason: 'gone' }]);
});

test('an interrupted replay is continued, and runs each file once', async () => {
  const { drop, pipeline, fixRule } = lakeWith(100);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await drop(name, '1,500');
  fixRule(1_000);
  const stop = new AbortController();
  const requestedAt = '2026-12-01T00:00:00.000Z';
  const interrupted = pipeline.replay(
    { quarantined: true },
    {
      ...{ requestedAt, signal: stop.signal },
      observe: ({ type }) => type === 'outcome' && stop.abort(new Error('enough')),
    },
  );
  await expect(interrupted).rejects.toThrow('enough');
  await pipeline.replay({ quarantined: true }, { requestedAt, resume: true });
  const { executions } = await pipeline.executions();
  const keys: string[] = [];
  for (const { id } of executions) {
    const event = (await pipeline.execution(id))?.event;
    if (event?.replay?.requested_at === requestedAt) keys.push(event.detail.object.key);
  }
  expect(keys.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `orders/${name}.csv`));
});
