import fc from 'fast-check';
import { literal } from '../../../shared/engine/sql.ts';
import type { Db } from '../../../shared/engine/with-duckdb.ts';
import { compareSequencers } from '../../../shared/run/run-identity.ts';
import { standingRun } from '../../../shared/run/standing-run.ts';
import { standingRuns } from '../../../shared/run/standing-runs.ts';
import { withTestDb } from '../../helpers/duckdb.ts';
import { casesOf } from '../../helpers/stress.ts';

interface Run {
  run_id: string;
  source_id?: string;
  source_version?: string | null;
  source_sequencer?: string | null;
  /** Seconds within a minute. */
  uploaded?: number;
  finished?: number;
  status?: string;
}

const at = (second: number): string => `TIMESTAMP '2026-01-02 03:04:${String(second).padStart(2, '0')}'`;
const textOr = (value: string | null | undefined): string =>
  value === null || value === undefined ? 'CAST(NULL AS VARCHAR)' : literal(value);

const relationOf = (runs: readonly Run[]): string =>
  `(${runs
    .map(
      (run) => `SELECT ${literal(run.run_id)} AS run_id, ${literal(run.source_id ?? 's')} AS source_id,
        ${textOr(run.source_version)} AS source_version, ${textOr(run.source_sequencer)} AS source_sequencer,
        ${at(run.uploaded ?? 0)} AS uploaded_at, ${at(run.finished ?? 0)} AS finished_at,
        ${literal(run.status ?? 'loaded')} AS status`,
    )
    .join(' UNION ALL ')})`;

const standing = async (db: Db, runs: readonly Run[]): Promise<string[]> => {
  const rows = await db.all<{ run_id: string }>(
    `SELECT run_id FROM (${standingRuns(relationOf(runs))}) ORDER BY source_id`,
  );
  return rows.map(({ run_id }) => run_id);
};

/** The rule of `standing-run.ts` for the same runs. */
const standingWithoutSql = (runs: readonly Run[]): string[] => {
  const time = (second = 0): string => `2026-01-02T03:04:${String(second).padStart(2, '0')}.000Z`;
  const records = runs.map((run) => ({
    run_id: run.run_id,
    source_version: run.source_version ?? null,
    ...(typeof run.source_sequencer === 'string' && { source_sequencer: run.source_sequencer }),
    uploaded_at: time(run.uploaded),
    finished_at: time(run.finished),
    status: (run.status ?? 'loaded') as 'loaded',
  }));
  return [standingRun(records)?.run_id ?? []].flat();
};

test('SQL and the rule without it agree on versions of a key whose times and sequencers agree', async () => {
  const version = fc.record({
    hasSequencer: fc.boolean(),
    isReplay: fc.boolean(),
    status: fc.constantFrom('loaded', 'quarantined', 'superseded', 'removed'),
  });
  await withTestDb(async (db) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(version, { minLength: 1, maxLength: 5 }),
        fc.nat(4),
        async (versions, turn) => {
          const runs = versions.map(({ hasSequencer, isReplay, status }, i): Run => {
            const uploaded = i * 2;
            const time = `2026-01-02T03:04:${String(uploaded).padStart(2, '0')}.000Z-00000001`;
            const source_sequencer = hasSequencer ? `0055AED6${i}` : isReplay ? time : null;
            return {
              run_id: `r${i}`,
              source_version: `v${i}`,
              source_sequencer,
              uploaded,
              finished: (i * 7 + turn) % 11,
              status,
            };
          });
          expect(await standing(db, runs)).toEqual(standingWithoutSql(runs));
        },
      ),
      { numRuns: casesOf({ quick: 25, stress: 300 }) },
    );
  });
});

const CASES: readonly [string, readonly Run[], readonly string[]][] = [
  [
    'the newest version stands, whenever its run finished',
    [
      { run_id: 'new', source_version: 'v2', source_sequencer: '0B', finished: 1 },
      { run_id: 'old', source_version: 'v1', source_sequencer: '0A', finished: 9 },
    ],
    ['new'],
  ],
  [
    'a time in place of a sequencer, which a replay may have, does not make an older version the newest',
    [
      { run_id: 'new', source_version: 'v2', source_sequencer: '0B', uploaded: 9, finished: 1 },
      {
        ...{ run_id: 'old', source_version: 'v1', uploaded: 1, finished: 5 },
        source_sequencer: '2026-01-02T03:04:01.000Z-00000001',
      },
    ],
    ['new'],
  ],
  [
    'a shorter sequencer is padded on its right',
    [
      { run_id: 'new', source_sequencer: '0055AED6DCD90281E6', finished: 1 },
      { run_id: 'old', source_sequencer: '0055AED6DCD9028', finished: 2 },
      { run_id: 'oldest', source_sequencer: '0', finished: 3 },
    ],
    ['new'],
  ],
  [
    'sequencers that differ by zeros at their end are one version: the later run stands',
    [
      { run_id: 'first', source_sequencer: '0A00', finished: 1 },
      { run_id: 'second', source_sequencer: '0A', finished: 2 },
    ],
    ['second'],
  ],
  [
    'under another contract the version has another run: the later one stands',
    [
      { run_id: 'before', source_version: 'v1', source_sequencer: '0A', finished: 1, status: 'quarantined' },
      { run_id: 'after', source_version: 'v1', source_sequencer: '0A', finished: 2 },
    ],
    ['after'],
  ],
  [
    'a replay of an older version does not stand over the newer version',
    [
      { run_id: 'monday', source_version: 'v1', source_sequencer: '0A', finished: 9, status: 'superseded' },
      { run_id: 'tuesday', source_version: 'v2', source_sequencer: '0B', finished: 2 },
    ],
    ['tuesday'],
  ],
  [
    'a superseded run never stands, not even alone or as the newest',
    [
      { run_id: 'late', source_sequencer: '0B', finished: 2, status: 'superseded' },
      { run_id: 'loaded', source_sequencer: '0A', finished: 1 },
      { run_id: 'alone', source_id: 't', source_sequencer: '0A', status: 'superseded' },
    ],
    ['loaded'],
  ],
  [
    'a removal stands',
    [
      { run_id: 'loaded', source_version: 'v1', source_sequencer: '0A', finished: 1 },
      { run_id: 'removed', source_version: 'v1', source_sequencer: '0A', finished: 2, status: 'removed' },
    ],
    ['removed'],
  ],
  [
    'a version that was refused whole stands over the one that is loaded',
    [
      { run_id: 'loaded', source_version: 'v1', source_sequencer: '0A', finished: 1 },
      { run_id: 'refused', source_version: 'v2', source_sequencer: '0B', finished: 2, status: 'quarantined' },
    ],
    ['refused'],
  ],
  [
    'records of earlier releases are ordered by their upload',
    [
      { run_id: 'old', source_version: 'v1', uploaded: 1, finished: 9 },
      { run_id: 'new', source_version: 'v2', uploaded: 2, finished: 3 },
    ],
    ['new'],
  ],
  [
    'where one version has no sequencer, all are ordered by their upload',
    [
      { run_id: 'replayed', source_version: 'v1', source_sequencer: '0A', uploaded: 1, finished: 9 },
      { run_id: 'new', source_version: 'v2', uploaded: 2, finished: 3 },
    ],
    ['new'],
  ],
  [
    'a record without a sequencer has that of its version',
    [
      { run_id: 'before', source_version: 'v2', uploaded: 5, finished: 1 },
      { run_id: 'after', source_version: 'v2', source_sequencer: '0B', uploaded: 5, finished: 9 },
      { run_id: 'older', source_version: 'v1', source_sequencer: '0A', uploaded: 5, finished: 8 },
    ],
    ['after'],
  ],
  [
    'each source has its own',
    [
      { run_id: 'a', source_id: 's', source_sequencer: '0A' },
      { run_id: 'b', source_id: 't', source_sequencer: '000000000A' },
    ],
    ['a', 'b'],
  ],
];

test('stands', async () => {
  await withTestDb(async (db) => {
    const found: Record<string, string[]> = {};
    for (const [name, runs] of CASES) found[name] = await standing(db, runs);
    expect(found).toEqual(Object.fromEntries(CASES.map(([name, , expected]) => [name, expected])));
  });
});

test('does not depend on the order of the records', async () => {
  await withTestDb(async (db) => {
    for (const [name, runs, expected] of CASES)
      expect([name, await standing(db, runs.toReversed())]).toEqual([name, expected]);
  });
});

test('orders versions as commits do', async () => {
  const runs = fc.array(
    fc.record({
      source_sequencer: fc.stringMatching(/^0[0-9A-F]{0,3}$/),
      finished: fc.integer({ min: 0, max: 59 }),
    }),
    { minLength: 1, maxLength: 6 },
  );
  await withTestDb((db) =>
    fc.assert(
      fc.asyncProperty(runs, async (drawn) => {
        const named = drawn.map((run, i) => ({ ...run, run_id: String(i) }));
        const [best] = named.toSorted(
          (a, b) =>
            compareSequencers(b.source_sequencer, a.source_sequencer) ||
            b.finished - a.finished ||
            (a.run_id < b.run_id ? 1 : -1),
        );
        expect(await standing(db, named)).toEqual([best?.run_id]);
      }),
      { numRuns: casesOf({ quick: 30, stress: 300 }) },
    ),
  );
});
