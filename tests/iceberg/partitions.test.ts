import { Table } from '../../shared/lake/table/commit/table.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';
import { contractYaml } from '../helpers/silver-lake.ts';
import { compareDb, expectAgreement, viewOf } from './compare.ts';
import { CASES } from './partition-cases.ts';
import { type PyIceberg, startPyIceberg } from './pyiceberg.ts';

let pyiceberg: PyIceberg;

beforeAll(async () => {
  pyiceberg = await startPyIceberg();
});

afterAll(async () => await pyiceberg?.stop());

test.each(CASES)(
  '$transform of { $type }: PyIceberg finds each row, in its partition only',
  async (split) => {
    const { lake, drop } = testPipeline({
      sqlDir: datasets({
        't/contract.yaml': contractYaml('t', [
          '{ name: id, logicalType: integer, primaryKey: true }',
          `{ name: v, ${split.type}, partitioned: true, customProperties: [{ property: partitionTransform, value: "${split.transform}" }] }`,
        ]),
      }),
    });
    const lines = split.values.map((v, id) => `${id},${v}\n`);
    expect((await drop('t/a.csv', `id,v\n${lines.join('')}`)).output).toMatchObject({
      load: { status: 'loaded' },
    });
    const version = await new Table(lake.silver, 't').newest();
    const snapshot = version?.snapshot;
    if (version === undefined || snapshot === undefined) throw new Error('nothing is committed');
    await compareDb(async (db, folder) => {
      const view = await viewOf(db, snapshot, lake.silver, folder);
      const metadata = version.file;
      const all = await expectAgreement(
        db,
        pyiceberg,
        { metadata, partitions: true },
        `FROM ${view}`,
        folder,
      );
      expect(all).toMatchObject({
        files: split.files,
        misplaced: 0,
        read: { rows: split.values.length },
        spec: [{ transform: split.transform }],
      });
      for (const [filter, files] of Object.entries(split.filters)) {
        const where = `FROM ${view} WHERE ${filter}`;
        const found = await expectAgreement(db, pyiceberg, { metadata, filter }, where, folder);
        expect({ filter, files: found.files }).toEqual({ filter, files });
      }
    });
  },
);
