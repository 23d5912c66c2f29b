import path from 'node:path';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { maintain } from '../../shared/maintenance/maintain.ts';
import type { Config } from '../../shared/runtime/config.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractYaml } from '../helpers/silver-lake.ts';
import { compareDb, expectAgreement, viewOf } from './compare.ts';
import { type PyIceberg, startPyIceberg } from './pyiceberg.ts';

const DATASET = (columns: readonly string[]): string =>
  datasets({
    'readings/contract.yaml': contractYaml('readings', [
      '{ name: id, logicalType: integer, primaryKey: true }',
      '{ name: day, logicalType: date, partitioned: true, customProperties: [{ property: partitionTransform, value: month }] }',
      ...columns,
    ]),
  });
const BEFORE = DATASET([
  '{ name: temp, logicalType: number, logicalTypeOptions: { format: f32 } }',
  '{ name: note, logicalType: string }',
]);
const AFTER = DATASET([
  '{ name: celsius, id: temp, logicalType: number }',
  '{ name: place, logicalType: string }',
]);

/** Each file repeats a key of the file before, so that most files have a deleted row. */
const FILES = 24;
const file = (i: number, header: string): string =>
  `id,day,${header}\n${i},2024-01-0${1 + (i % 9)},${i}.5,a${i}\n${i + 1},2024-01-15,${i}.25,b${i}\n`;

const folder = scratch();
const before = testPipeline({ folder, sqlDir: BEFORE });
const after = testPipeline({ folder, sqlDir: AFTER });
let pyiceberg: PyIceberg;

beforeAll(async () => {
  pyiceberg = await startPyIceberg();
  for (let i = 0; i < FILES; i += 1) {
    const old = i < FILES / 2;
    const header = old ? 'temp,note' : 'celsius,place';
    const { error } = await (old ? before : after).drop(`readings/${i}.csv`, file(i, header));
    expect(error).toBeUndefined();
  }
});

afterAll(async () => await pyiceberg?.stop());

/**
 * Expects that PyIceberg and duckstep read the same rows of every snapshot that is kept.
 *
 * @returns the numbers of the newest snapshot
 */
const expectAllAgree = async (): Promise<{ files: number; rows: number; snapshots: number }> => {
  const version = await new Table(after.lake.silver, 'readings').newest();
  const history = version?.snapshot?.history ?? [];
  if (version === undefined) throw new Error('nothing is committed');
  return await compareDb(async (db, at) => {
    const answers = [];
    for (const snapshot of history) {
      const view = await viewOf(db, snapshot, after.lake.silver, at);
      const question = { metadata: version.file, snapshot: snapshot.id };
      answers.push(await expectAgreement(db, pyiceberg, question, `FROM ${view}`, at));
    }
    const [newest] = answers;
    return { files: newest?.files ?? 0, rows: newest?.read?.rows ?? 0, snapshots: history.length };
  });
};

const rows = () => after.query("SELECT COLUMNS(c -> c[1] <> '_') FROM silver.readings ORDER BY id");

const maintained = async (): Promise<void> => {
  const config: Config = {
    ...{ memoryMb: 512, threads: 2, sqlDir: AFTER, scratchRoot: scratch() },
    ...{ maxUnpackedBytes: 2 ** 30, maxRecordBytes: 2 ** 20 },
  };
  const done = await maintain({ lake: after.lake, config, graceMs: 0 });
  expect(done.map(({ table, error }) => ({ table, error }))).toEqual([
    { table: 'readings', error: undefined },
  ]);
};

test('PyIceberg and duckstep read the same of every snapshot while files are added and merged', async () => {
  expect(await rows()).toHaveLength(FILES + 1);
  const { rows: read, files, snapshots } = await expectAllAgree();
  expect(read).toBe(FILES + 1);
  expect(files).toBeLessThan(FILES);
  expect(snapshots).toBeGreaterThan(FILES);
});

test('maintenance changes no row, and keeps every file that a snapshot needs', async () => {
  const shown = await rows();
  await maintained();
  expect(await rows()).toEqual(shown);
  expect((await expectAllAgree()).rows).toBe(FILES + 1);
});

test('values of renamed, widened and added columns are the same after files were merged', async () => {
  await maintained();
  const shown = await rows();
  expect(shown[0]).toEqual({ id: 0, day: '2024-01-01', celsius: 0.5, place: null });
  expect(shown[3]).toEqual({ id: 3, day: '2024-01-04', celsius: 3.5, place: null });
  expect(shown[FILES]).toEqual({
    id: FILES,
    day: '2024-01-15',
    celsius: FILES - 0.75,
    place: `b${FILES - 1}`,
  });
  const version = await new Table(after.lake.silver, 'readings').newest();
  const question = {
    metadata: version?.file ?? '',
    filter: 'celsius = 3.5',
    parquet: path.join(folder, 'rows.parquet'),
  };
  expect((await pyiceberg.ask(question)).read?.rows).toBe(1);
});
