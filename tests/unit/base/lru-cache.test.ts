import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { LruCache } from '../../../shared/base/lru-cache.ts';
import { loadContract } from '../../../shared/contract/load.ts';
import { ContractInvalid } from '../../../shared/errors.ts';
import { loadGoldModels } from '../../../shared/stages/load-to-gold/gold/model-header.ts';
import { datasets } from '../../helpers/pipeline.ts';
import { contractYaml } from '../../helpers/silver-lake.ts';

const MODEL =
  '/*---\ncolumns:\n  - { name: n, logicalType: integer }\n---*/\nselect count(*) as n from silver.t';
const folder = () =>
  datasets({
    't/contract.yaml': contractYaml('t', ['{ name: id, logicalType: integer }']),
    't/names.csv': 'a,b\n1,2\n',
    't/gold/m.sql': MODEL,
  });

test('an unchanged contract or model is not read again, and is frozen', async () => {
  const sqlDir = folder();
  const contract = await loadContract(sqlDir, 't');
  expect(await loadContract(sqlDir, 't')).toBe(contract);
  expect(() => contract.columns.push(...contract.columns)).toThrow(TypeError);
  const [model] = await loadGoldModels(sqlDir);
  expect((await loadGoldModels(sqlDir))[0]).toBe(model);
  expect(() => model?.columns.pop()).toThrow(TypeError);
});

test.each([
  ['t/contract.yaml', contractYaml('t', ['{ name: other, logicalType: string }'])],
  ['t/silver.sql', 'select * from accepted'],
  ['t/names.csv', 'a,b\n1,3\n'],
])('a changed %s makes another contract', async (file, text) => {
  const sqlDir = folder();
  const contract = await loadContract(sqlDir, 't');
  writeFileSync(path.join(sqlDir, file), text);
  const changed = await loadContract(sqlDir, 't');
  expect(changed.fingerprint).not.toBe(contract.fingerprint);
  expect(changed).not.toBe(contract);
});

test('the same texts in another folder make another contract, since its reference data is there', async () => {
  const [one, other] = [folder(), folder()];
  expect(await loadContract(one, 't')).not.toBe(await loadContract(other, 't'));
});

test('mistakes are reported every time, and no more once they are fixed', async () => {
  const sqlDir = folder();
  const file = path.join(sqlDir, 't/contract.yaml');
  const broken = contractYaml('t', ['{ name: id, logicalType: nonsense }']);
  writeFileSync(file, broken);
  for (let time = 0; time < 2; time += 1)
    await expect(loadContract(sqlDir, 't')).rejects.toThrow(ContractInvalid);
  writeFileSync(file, contractYaml('t', ['{ name: id, logicalType: integer }']));
  expect((await loadContract(sqlDir, 't')).columns).toHaveLength(1);
});

test('keeps a limited number of entries, and drops the least recently used', () => {
  const remembered = new LruCache<{ n: number }>();
  for (let n = 0; n < 256; n += 1) remembered.set(String(n), { n });
  expect(remembered.get('0')).toEqual({ n: 0 });
  remembered.set('256', { n: 256 });
  expect([remembered.get('0'), remembered.get('1')]).toEqual([{ n: 0 }, undefined]);
});
