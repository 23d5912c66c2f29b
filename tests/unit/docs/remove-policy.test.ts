import { readFileSync } from 'node:fs';
import path from 'node:path';
import { removeFiles } from '../../../operate/removal/remove-files.ts';
import { type Lake, ZONES } from '../../../shared/lake/paths.ts';
import { Table } from '../../../shared/lake/table/commit/table.ts';
import { compactTable } from '../../../shared/lake/table/upkeep/compact.ts';
import { INLINE } from '../../../shared/lake/table/upkeep/compaction.ts';
import { ROW_IDENTITY } from '../../../shared/stages/transform/silver-table.ts';
import { ROOT } from '../../helpers/engine.ts';
import { recording } from '../../helpers/recording-store.ts';
import { csvOf, removalFrom, SHOPS } from '../../helpers/removal.ts';
import { StepRunner } from '../../helpers/run-steps.ts';
import { testDb } from '../../helpers/silver-lake.ts';
import { type Right, rightsFor } from '../../package/policy.ts';

interface Statement {
  Sid: string;
  Action: string[];
  Resource: string | string[];
}
const { Statement: statements } = JSON.parse(
  readFileSync(path.join(ROOT, 'docs/remove-policy.json'), 'utf8'),
) as { Statement: Statement[] };

const matches = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.replaceAll(/[.$+?^{}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(text);

/** The statements that grant a right on a stage's bucket. */
const granting = ({ action, zone, key }: Right): string[] => {
  const bucket = `arn:aws:s3:::duckstep-prod-${zone}-123456789012`;
  const of = action === 's3:ListBucket' ? bucket : `${bucket}/${key}`;
  return statements
    .filter(
      ({ Action, Resource }) =>
        Action.includes(action) && [Resource].flat().some((each) => matches(each, of)),
    )
    .map(({ Sid }) => Sid);
};

test('docs/remove-policy.json allows what a removal does on S3, and each of its statements is needed', async () => {
  const runner = new StepRunner(SHOPS);
  for (const [key, content] of [
    ['t/a.csv', csvOf([1, 'a'], [2, 'a'])],
    ['t/b.csv', csvOf([2, 'b'])],
    ['t/c.csv', csvOf([2, 'c'])],
  ] as const)
    await runner.load(await runner.transformed(content, key));
  const { silver } = runner.lake;
  await testDb((db, scratch) =>
    compactTable({ db, store: silver, scratch }, new Table(silver, 't'), {
      runId: '0'.repeat(24),
      identity: ROW_IDENTITY,
      policy: { ...INLINE, minFiles: 2 },
    }),
  );
  const used: Right[] = [];
  const recorded = Object.fromEntries(
    ZONES.map((zone) => [zone, recording(runner.lake[zone], (call) => used.push(...rightsFor(zone, call)))]),
  ) as unknown as Lake;
  const own = removalFrom(runner);
  const source = { ...own, lake: recorded, newestOf: own.peekNewest };
  await removeFiles(source, ['t/c.csv'], { keepRaw: false, dryRun: false });
  const refused = used.filter((right) => granting(right).length === 0);
  expect(refused).toEqual([]);
  const needed = new Set(used.flatMap(granting));
  const onS3 = statements.filter(({ Action }) => Action.some((action) => action.startsWith('s3:')));
  expect(onS3.map(({ Sid }) => Sid).filter((sid) => !needed.has(sid))).toEqual([]);
});
