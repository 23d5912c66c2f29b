import fc from 'fast-check';
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { compactTable } from '../../shared/lake/table/upkeep/compact.ts';
import { INLINE } from '../../shared/lake/table/upkeep/compaction.ts';
import { Intents } from '../../shared/stages/load-to-gold/silver/intents.ts';
import { ROW_IDENTITY } from '../../shared/stages/transform/silver-table.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractOf, latestBy, rowsSql, runOf, SilverLake, testDb } from '../helpers/silver-lake.ts';
import { keepLocksStill } from '../helpers/still-locks.ts';
import { casesOf } from '../helpers/stress.ts';

keepLocksStill();

/** Cases per table. For a longer search: `ORDER_RUNS=500 npx jest commit-order`. */
const RUNS = Number(process.env.ORDER_RUNS ?? casesOf({ quick: 4, stress: 60 }));

const ID = '{ name: id, logicalType: integer, primaryKey: true }';
const V = '{ name: v, logicalType: integer }';
const BY_V = '{ name: v, logicalType: integer, partitioned: true }';
const BY_ID = `${ID.slice(0, -2)}, partitioned: true }`;

/** One version of a file: of each id it brings, the value. */
interface Version {
  file: string;
  rows: Record<string, number>;
}

/** Few, so that versions come again with the same rows, and keys meet. */
const ROWS: readonly Version['rows'][] = [{ 1: 0, 2: 1 }, { 1: 1, 2: 0, 3: 0 }, { 1: 1, 3: 1 }, {}];

const version = fc.record({
  file: fc.constantFrom('a', 'a', 'b', 'c'),
  rows: fc.constantFrom(...ROWS.slice(0, 3), ...ROWS),
});

/** Uploads in their order; their commits in any order, in groups that wait for one writer, some of them twice. */
const scenario = fc.array(version, { minLength: 3, maxLength: 6 }).chain((versions) => {
  const turn = fc.nat(versions.length - 1);
  return fc.record({
    versions: fc.constant(versions),
    order: fc.shuffledSubarray([...versions.keys()], { minLength: versions.length }),
    again: fc.array(turn, { maxLength: 2 }),
    cuts: fc.array(fc.boolean(), { minLength: versions.length + 2, maxLength: versions.length + 2 }),
    compactAfter: turn,
  });
});

/** The value that each id must show, from the uploads alone. */
const expected = (versions: readonly Version[], byValue: boolean): Record<string, number> => {
  const newest = new Map(versions.map(({ file, rows }, turn) => [file, { rows, turn }]));
  const shown = new Map<string, { v: number; turn: number }>();
  for (const { rows, turn } of newest.values())
    for (const [id, v] of Object.entries(rows)) {
      const other = shown.get(id);
      const wins = other === undefined || (byValue && v !== other.v ? v > other.v : turn > other.turn);
      if (wins) shown.set(id, { v, turn });
    }
  return Object.fromEntries([...shown].map(([id, { v }]) => [id, v]));
};

const groupsOf = (order: readonly number[], cuts: readonly boolean[]): number[][] => {
  const groups: number[][] = [[]];
  for (const [i, turn] of order.entries()) {
    groups.at(-1)?.push(turn);
    if (cuts[i]) groups.push([]);
  }
  return groups.filter((group) => group.length > 0);
};

const rowsOf = ({ rows }: Version): string => {
  const values = Object.entries(rows).map(([id, v]) => `(${id}::BIGINT, ${v}::BIGINT)`);
  return values.length === 0
    ? `${rowsSql('id, v', '(0::BIGINT, 0::BIGINT)')} WHERE false`
    : rowsSql('id, v', ...values);
};

test.each([
  ['by upload', [ID, V], []],
  ['by upload, partitioned by another column', [ID, BY_V], []],
  ['by upload, partitioned by the key', [BY_ID, V], []],
  ['by a column', [ID, V], [latestBy('v desc')]],
  ['by a column, partitioned by it', [ID, BY_V], [latestBy('v desc')]],
])(
  'whatever the order of commits, each key shows the same row: the latest %s',
  async (_, properties, custom) => {
    const contract = await contractOf(properties, custom);
    await testDb((db, folder) =>
      fc.assert(
        fc.asyncProperty(scenario, async ({ versions, order, again, cuts, compactAfter }) => {
          const store = new FolderStore(scratch(), { name: 'silver' });
          const lake = new SilverLake(contract, store, (work) => work(db, folder));
          const intents = new Intents(store, 't');
          for (const group of groupsOf([...order, ...again], cuts)) {
            const staged = [];
            for (const turn of group) {
              const [run, each] = [runOf(versions[turn]?.file ?? '', turn), versions[turn] as Version];
              staged.push({ run, staged: await lake.stage(run, rowsOf(each)) });
            }
            const own = staged.pop();
            for (const waiting of staged)
              await intents.write({ ...waiting, fingerprint: contract.fingerprint });
            if (own !== undefined) await lake.load(own.run, own.staged);
            // Their runs find themselves committed, or out of date.
            for (const waiting of staged) await lake.load(waiting.run, waiting.staged);
            if (group.includes(compactAfter))
              await compactTable({ db, store, scratch: folder }, new Table(store, 't'), {
                runId: 'compacted',
                identity: ROW_IDENTITY,
                policy: { ...INLINE, minFiles: 2 },
              });
          }
          const shown = await lake.query('SELECT id, v FROM silver.t ORDER BY ALL');
          expect(Object.fromEntries(shown.map(({ id, v }) => [String(id), v]))).toEqual(
            expected(versions, custom.length > 0),
          );
          expect(new Set(shown.map(({ id }) => id)).size).toBe(shown.length);
        }),
        { numRuns: RUNS },
      ),
    );
  },
);
