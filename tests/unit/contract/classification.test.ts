import { loadContract } from '../../../shared/contract/load.ts';
import { datasets } from '../../helpers/pipeline.ts';
import { contractYaml } from '../../helpers/silver-lake.ts';

test.each<[string, true | undefined]>([
  ['classification: public', undefined],
  ['classification: " Internal "', undefined],
  ['classification: null', undefined],
  ['description: none', undefined],
  ['classification: confidential', true],
  ['classification: RESTRICTED', true],
  ['classification: whatever', true],
  ['classification: 4', true],
  ['encryptedName: id_encrypted', true],
  ['encryptedName: id_encrypted, classification: public', true],
])('a column is sensitive: %s', async (property, sensitive) => {
  const yaml = contractYaml('t', [`{ name: id, logicalType: integer, ${property} }`]);
  const { columns } = await loadContract(datasets({ 't/contract.yaml': yaml }), 't');
  expect(columns[0]?.sensitive).toBe(sensitive);
});
