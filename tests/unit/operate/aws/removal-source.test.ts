import { qualityScore } from '../../../../functions/quality-score.ts';
import { validate } from '../../../../functions/validate.ts';
import { removalSource } from '../../../../operate/aws/removal-source.ts';
import { removeFiles } from '../../../../operate/removal/remove-files.ts';
import type { CatalogTable } from '../../../../shared/lake/catalog/catalog.ts';
import { type Lake, lakePaths, ZONES } from '../../../../shared/lake/paths.ts';
import { S3Store } from '../../../../shared/lake/storage/s3-store.ts';
import { Table } from '../../../../shared/lake/table/commit/table.ts';
import { sourceIdOf } from '../../../../shared/run/run-identity.ts';
import { sourcesRoot, sourceTree } from '../../../../shared/stages/load-to-gold/silver/sources.ts';
import { fakeS3 } from '../../../helpers/fake-s3.ts';
import { csvOf, SHOPS } from '../../../helpers/removal.ts';
import { StepRunner } from '../../../helpers/run-steps.ts';
import { envelope } from '../../../helpers/steps.ts';

/** A stage's buckets, its steps, and its lake for removals. */
const stage = () => {
  const buckets = Object.fromEntries(
    ZONES.map((zone) => [zone, fakeS3({ versioned: zone === 'raw' })]),
  ) as Record<(typeof ZONES)[number], ReturnType<typeof fakeS3>>;
  const lake = Object.fromEntries(
    ZONES.map((zone) => [zone, new S3Store(buckets[zone].client, zone)]),
  ) as unknown as Lake;
  const pointed: string[] = [];
  const catalog = {
    point: async ({ zone, name, metadataVersion }: CatalogTable) =>
      void pointed.push(`${zone}.${name} ${metadataVersion}`),
  };
  const runner = new StepRunner(SHOPS, { lake, catalog });
  let uploads = 0;
  /** The state before LoadToGold. As on S3, the event's time has whole seconds. */
  const transformed = async (key: string, content: string) => {
    await lake.raw.write(key, content);
    const object = await lake.raw.head(key);
    uploads += 1;
    const seconds = Math.floor((object?.lastModified ?? new Date()).getTime() / 1000) * 1000;
    const event = {
      ...{ source: 'aws.s3', 'detail-type': 'Object Created', time: new Date(seconds).toISOString() },
      detail: {
        bucket: { name: lake.raw.name },
        object: {
          ...{ key, size: object?.size, etag: object?.etag, 'version-id': object?.versionId },
          sequencer: uploads.toString(16).padStart(16, '0'),
        },
      },
    };
    const validated = { ...event, validate: await validate(envelope(event), runner.context) };
    const scored = { ...validated, quality: await qualityScore(envelope(validated), runner.context) };
    return { ...scored, transform: await runner.transform(scored) };
  };
  const source = removalSource({ lake, config: runner.context.config, catalog });
  return { lake, buckets, runner, transformed, source, pointed };
};

const entryOf = async ({ silver, raw }: Lake, key: string) =>
  await sourceTree(silver, 't').get(
    sourcesRoot(await new Table(silver, 't').current()),
    sourceIdOf(raw.name, key),
  );

test('a file gets a delete marker, its rows leave, and the catalog follows', async () => {
  const { lake, runner, transformed, source, pointed } = stage();
  await runner.load(await transformed('t/a.csv', csvOf([1, 'a'], [2, 'a'])));
  const state = await transformed('t/b.csv', csvOf([2, 'b']));
  await runner.load(state);
  // Uploaded before the removal in the same second, perhaps, and known by its version.
  const underWay = await transformed('t/b.csv', csvOf([3, 'b']));
  pointed.length = 0;
  const [report] = await removeFiles(source, ['t/b.csv'], { keepRaw: false, dryRun: false });
  expect(report?.files).toEqual([{ key: 't/b.csv', dataset: 't', rows: 1, raw: 'removed' }]);
  expect(pointed).toEqual(['silver.t 3', 'gold.totals 3']);
  expect(await lake.raw.head('t/b.csv')).toBeUndefined();
  const version = state.detail.object['version-id'];
  expect(String(await lake.raw.read('t/b.csv', version))).toBe(csvOf([2, 'b']));
  const entry = await entryOf(lake, 't/b.csv');
  expect(entry).toMatchObject({ content: '', partitions: [], removal: { id: report?.id, rows: 1 } });
  expect(entry?.removedAt).toBe(entry?.removal?.at);
  for (const late of [state, underWay])
    expect(await runner.load(late)).toMatchObject({ status: 'superseded' });

  // In the same second as the removal, by the event.
  const later = await transformed('t/b.csv', csvOf([4, 'b']));
  expect(await runner.load(later)).toMatchObject({ status: 'loaded' });
});

test('the run record tells the order of versions that silver does not have', async () => {
  const { lake, runner, transformed, source } = stage();
  const state = await transformed('t/b.csv', csvOf([2, 'b']));
  await runner.load(state);
  const newer = await transformed('t/b.csv', csvOf([3, 'b']));
  const { run } = newer.validate;
  // As Quarantine writes it of a file that did not pass.
  const record = JSON.parse(String(await lake.gold.read(lakePaths.run(state.validate.run.run_id))));
  await lake.gold.write(
    lakePaths.run(run.run_id),
    JSON.stringify({ ...record, run_id: run.run_id, status: 'quarantined', source_sequencer: run.sequencer }),
  );
  await removeFiles(source, ['t/b.csv'], { keepRaw: false, dryRun: false });
  expect((await entryOf(lake, 't/b.csv'))?.sequencer).toBe(run.sequencer);
});

test('a version that somebody uploads meanwhile stays in raw', async () => {
  const { lake, runner, transformed, source } = stage();
  await runner.load(await transformed('t/b.csv', csvOf([2, 'b'])));
  const meanwhile = {
    ...source,
    newestOf: async (key: string) => {
      const newest = await source.newestOf(key);
      await lake.raw.write(key, csvOf([2, 'b']));
      return newest;
    },
  };
  const [report] = await removeFiles(meanwhile, ['t/b.csv'], { keepRaw: false, dryRun: false });
  expect(report?.files).toMatchObject([{ rows: 1, raw: 'replaced' }]);
  expect(await lake.raw.head('t/b.csv')).toBeDefined();
});
