import { readFileSync } from 'node:fs';
import path from 'node:path';
import { STEPS } from '../../operate/local/steps.ts';
import { type Lake, ZONES } from '../../shared/lake/paths.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import type { DataFile } from '../../shared/lake/table/data-file.ts';
import { columnIdsIn, SUMMARY } from '../../shared/lake/table/properties.ts';
import type { Snapshot } from '../../shared/lake/table/read/snapshot.ts';
import type { Usage } from '../../shared/run/payload.ts';
import type { Step } from '../../shared/runtime/step.ts';
import {
  type CommittedSource,
  sourcesRoot,
  sourceTree,
} from '../../shared/stages/load-to-gold/silver/sources.ts';
import { ROOT } from '../helpers/engine.ts';
import { changeBy } from '../helpers/increment.ts';
import { datasets, type TestPipeline, testPipeline } from '../helpers/pipeline.ts';
import { recording, type StoreMethod } from '../helpers/recording-store.ts';
import { keepLocksStill } from '../helpers/still-locks.ts';
import { longTest } from '../helpers/stress.ts';

keepLocksStill();

/** The plain case: a table whose files share no keys, and one gold model, both partitioned by day. */
const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - { name: day, logicalType: date, required: true, partitioned: true, primaryKey: true, primaryKeyPosition: 1 }
      - { name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 2 }
      - { name: amount, logicalType: number }
`;
const MODEL = `/*---
description: Orders of each day.
partitionedBy: [day]
columns:
  - { name: day, logicalType: date, primaryKey: true }
  - { name: orders, logicalType: integer, required: true }
---*/
SELECT day, count(*) AS orders FROM silver.orders GROUP BY day
`;

const KINDS: Readonly<Record<StoreMethod, string>> = {
  head: 'HEAD',
  read: 'GET',
  localPath: 'GET',
  write: 'PUT',
  writeIfAbsent: 'PUT',
  upload: 'PUT',
  list: 'LIST',
  listVersions: 'LIST',
  remove: 'DELETE',
  removeMany: 'DELETE',
  removeVersions: 'DELETE',
};

/** A key in the notation of the documentation. */
const pattern = (key: string): string =>
  key
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/snap-\d+-/, 'snap-<id>-')
    .replace(/[0-9a-f]{24}-[0-9a-f]{16}(?=\.parquet)/, '<run>-<hash>')
    .replace(/(?<=^_(staging|runs)\/)[0-9a-f]{24}/, '<run>')
    .replace(/(?<=^runs-newest\/first\/)\d{13}-[0-9a-f]{24}/, '<time>-<run>')
    .replace(/(?<=^_sources\/orders\/)[0-9a-f]+/, '<hash>')
    .replace(/v\d+(?=\.metadata)/, 'v<N>')
    .replace(/v\d{8}-\d+$/, 'v<N>-0')
    .replace(/day=[^/]+/, '<partition>')
    .replace(/(?<=^|\/)orders(?=\/)/, '<dataset>')
    .replace(/(?<=^|\/)orders_by_day(?=\/)/, '<model>')
    .replace(/^(<dataset>\/)\d+\.csv$/, '$1<file>');

interface Counted {
  pipeline: TestPipeline;
  /** The requests since the list was last emptied: `LoadToGold | gold | PUT | _runs/<run>.json`. */
  requests: string[];
}

const counted = (): Counted => {
  const requests: string[] = [];
  const steps = Object.fromEntries(
    Object.entries(STEPS).map(([name, step]): [string, Step] => [
      name,
      async (input, context) => {
        const told = ZONES.map((zone) => [
          zone,
          recording(context.lake[zone], ({ method, key }) => {
            requests.push([name, zone, KINDS[method], `\`${pattern(key)}\``].join(' | '));
          }),
        ]);
        return await step(input, { ...context, lake: Object.fromEntries(told) as Lake });
      },
    ]),
  );
  const sqlDir = datasets({ 'orders/contract.yaml': CONTRACT, 'orders/gold/orders_by_day.sql': MODEL });
  return { pipeline: testPipeline({ sqlDir, steps }), requests };
};

const dayOf = (n: number): string => new Date(Date.UTC(2020, 0, 1 + n)).toISOString().slice(0, 10);
const csvOf = (n: number): string =>
  `day,id,amount\n${[0, 1, 2, 3, 4].map((i) => `${dayOf(n)},${n * 5 + i},1.5`).join('\n')}\n`;

/** The usages of one run of the nth file, by state. */
const load = async ({ pipeline }: Counted, n: number): Promise<Usage[]> => {
  const { status, output } = await pipeline.drop(`orders/${n}.csv`, csvOf(n));
  expect(status).toBe('succeeded');
  return Object.values(output as Record<string, { usage?: Usage }>).flatMap(({ usage }) => usage ?? []);
};

const sum = (usages: readonly Usage[], of: (usage: Usage) => number | undefined): number =>
  usages.reduce((total, usage) => total + (of(usage) ?? 0), 0);

/** The rows of the table in the documentation, without the reasons. */
const documented = (): string[] => {
  const page = readFileSync(path.join(ROOT, 'docs/costs.md'), 'utf8');
  const [, table = ''] = /<!-- requests -->([\s\S]*)<!-- \/requests -->/.exec(page) ?? [];
  return table
    .split('\n')
    .filter((line) => /^\| (Validate|QualityScore|Transform|LoadToGold|Quarantine) /.test(line))
    .map((line) => line.split(' | ').slice(0, 4).join(' | ').replace(/^\| /, ''));
};

test('a run makes the requests that docs/costs.md lists, and no others', async () => {
  const lake = counted();
  await load(lake, 0);
  await load(lake, 1);
  lake.requests.length = 0;
  const usages = await load(lake, 2);
  expect(lake.requests.toSorted()).toEqual(documented().toSorted());

  // The run record counts the same requests, except those that write the record itself, and its copy.
  const [puts, gets] = [/ (PUT|LIST) /, / (GET|HEAD) /].map(
    (kind) => lake.requests.filter((request) => kind.test(request)).length,
  );
  expect(sum(usages, ({ requests_write }) => requests_write)).toBe(puts);
  expect(sum(usages, ({ requests_read }) => requests_read)).toBe(gets);
  expect(sum(usages, ({ requests }) => requests)).toBe(lake.requests.length);
  const record = (await lake.pipeline.runs()).at(-1);
  expect(record).toMatchObject({ requests_write: (puts ?? 0) - 2, requests_read: gets, transitions: 8 });
});

test('raw is read once, as a whole, by Validate only', async () => {
  const lake = counted();
  const [validate, ...others] = await load(lake, 0);
  expect(validate?.bytes_read).toBe(Buffer.byteLength(csvOf(0)));
  expect(others).toHaveLength(3);
  expect(lake.requests.filter((request) => request.includes('| raw |'))).toEqual([
    'Validate | raw | GET | `<dataset>/<file>`',
  ]);
});

interface Growth {
  from: number;
  to: number;
  atOnce: number;
}

/**
 * Grows a table to `to` files, as many runs would leave it: each file has its own day and source. The files themselves do
 * not exist.
 */
const grow = async (
  table: Table,
  { from, to, atOnce }: Growth,
  properties: (base: Snapshot, files: readonly DataFile[]) => Promise<Record<string, string>>,
): Promise<void> => {
  for (let first = from; first < to; first += atOnce)
    await table.commit(
      changeBy(async (base) => {
        if (base === undefined) throw new Error('there is nothing to grow');
        const { metadata, schema } = base;
        const [like] = await base.files();
        if (like === undefined) throw new Error('there is no file to grow by');
        const added = Array.from({ length: Math.min(atOnce, to - first) }, (_, i): DataFile => {
          const day = dayOf(first + i);
          return { ...like, key: `${table.name}/data/day=${day}/grown.parquet`, partition: { day } };
        });
        const spec = metadata['partition-specs'].find(
          (each) => each['spec-id'] === metadata['default-spec-id'],
        );
        return {
          runId: `run-${first}`,
          operation: 'append',
          title: 'append',
          columns: {
            schema,
            columnIds: columnIdsIn(metadata.properties),
            lastColumnId: metadata['last-column-id'],
          },
          partitionedBy: (spec?.fields ?? []).map(({ 'field-id': _, ...field }) => field),
          added,
          removed: [],
          changedDeletes: [],
          // One partition, as one run has: touched partitions stay in the metadata as long as the snapshot.
          touched: added.slice(0, 1).map(({ partition }) => partition),
          properties: await properties(base, added),
        };
      }),
    );
};

/** The number of runs in which each merge of manifests and each search for small files takes place once. */
const PERIOD = 8;

longTest('a run costs the same on a lake of 10, 100, and 1,000 runs', async () => {
  const lake = counted();
  const { silver, gold } = lake.pipeline.lake;
  const window = async (from: number): Promise<{ requests: number; bytes: number }> => {
    const usages: Usage[] = [];
    for (let n = from; n < from + PERIOD; n += 1) usages.push(...(await load(lake, n)));
    return {
      requests: sum(usages, ({ requests }) => requests),
      bytes: sum(usages, ({ bytes_read, bytes_written }) => bytes_read + bytes_written),
    };
  };
  const growBy = async (growth: Growth): Promise<void> => {
    const tree = sourceTree(silver, 'orders');
    await grow(new Table(silver, 'orders'), growth, async (base, files) => {
      const states = files.map(({ key, partition }) => {
        const state = { runId: 'grown', sequencer: '1', uploadedAt: '2020-01-01T00:00:00.000Z' };
        return [key, { ...state, content: key, partitions: [partition] }] satisfies [string, CommittedSource];
      });
      return { [SUMMARY.sources]: await tree.put(sourcesRoot(base), new Map(states)) };
    });
    const version = (await new Table(silver, 'orders').current())?.version;
    await grow(new Table(gold, 'orders_by_day'), growth, async (base) => ({
      [SUMMARY.silver]: JSON.stringify({ orders: version }),
      [SUMMARY.fingerprint]: base.properties[SUMMARY.fingerprint] ?? '',
    }));
  };
  for (let n = 0; n < 2; n += 1) await load(lake, n);
  await growBy({ from: 2, to: 10, atOnce: 1 });
  const ten = await window(10);
  await growBy({ from: 18, to: 100, atOnce: 1 });
  const hundred = await window(100);
  await growBy({ from: 108, to: 1_000, atOnce: 12 });
  const thousand = await window(1_000);
  expect(hundred.requests).toBe(ten.requests);
  // The index tree of sources has one level more: one node to read and one to write.
  expect(thousand.requests).toBeGreaterThanOrEqual(hundred.requests);
  expect(thousand.requests).toBeLessThanOrEqual(hundred.requests + 2 * PERIOD);
  // After ten runs there are fewer snapshots than are kept; after a hundred as many as after a thousand.
  expect(ten.bytes).toBeLessThan(hundred.bytes);
  expect(thousand.bytes).toBeLessThan(1.1 * hundred.bytes);
});
