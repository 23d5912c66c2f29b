import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import type { z } from 'zod';
import { loadContract } from '../../../shared/contract/load.ts';
import {
  OdcsDocument,
  OdcsObject,
  OdcsProperty,
  OdcsQuality,
  OdcsSla,
} from '../../../shared/contract/odcs.ts';
import { contractYaml, sqlDirWith } from '../../helpers/contracts.ts';

const schema = JSON.parse(readFileSync('tests/fixtures/odcs/odcs-json-schema-v3.1.0.json', 'utf8'));
const shipped = readdirSync('sql').filter((name) =>
  readdirSync(path.join('sql', name)).includes('contract.yaml'),
);

const standard = (): ValidateFunction => {
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv.compile(schema);
};

test.each(shipped)('sql/%s/contract.yaml conforms to the standard', (dataset) => {
  const check = standard();
  check(parse(readFileSync(path.join('sql', dataset, 'contract.yaml'), 'utf8')));
  expect(check.errors ?? []).toEqual([]);
});

test('the ids and transforms in the docs conform to the standard and are read', async () => {
  const shown = [...readFileSync('docs/contracts.md', 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)];
  const blocks = shown.map(([, yaml = '']) => yaml).filter((yaml) => yaml.startsWith('- name'));
  const properties = blocks.map((yaml) => yaml.replaceAll(/^/gm, '      ').trimEnd()).join('\n');
  const yaml = contractYaml(`properties:\n${properties}`);
  const check = standard();
  check(parse(yaml));
  expect(check.errors ?? []).toEqual([]);
  const contract = await loadContract(sqlDirWith({ 'orders/contract.yaml': yaml }), 'orders');
  expect(contract.columns.map(({ name, identity }) => [name, identity])).toEqual([
    ['iban', 'iban'],
    ['placed_at', 'placed_at'],
    ['net_total', 'total'],
  ]);
  expect(contract.partitionedBy).toEqual([
    { name: 'placed_at_month', column: 'placed_at', transform: 'month' },
  ]);
});

/** All keys that these definitions of the standard's schema allow. */
const standardKeys = (...definitions: string[]): string[] =>
  definitions.flatMap((name) => Object.keys(schema.$defs[name].properties ?? {}));

const operators: string[] = schema.$defs.DataQualityOperators.oneOf.flatMap(
  (one: { required: string[] }) => one.required,
);

test.each<[string, z.ZodObject, string[]]>([
  ['document', OdcsDocument, Object.keys(schema.properties)],
  ['object', OdcsObject, standardKeys('SchemaElement', 'SchemaObject')],
  ['property', OdcsProperty, [...standardKeys('SchemaElement', 'SchemaBaseProperty'), 'properties', 'items']],
  [
    'quality',
    OdcsQuality,
    [
      ...standardKeys('DataQuality', 'DataQualityLibrary', 'DataQualitySql', 'DataQualityCustom'),
      ...operators,
    ],
  ],
  ['slaProperties', OdcsSla, standardKeys('ServiceLevelAgreementProperty')],
])('a key that is unknown in a %s is unknown to the standard', (_, ours, standard) => {
  expect(Object.keys(ours.shape).toSorted()).toEqual([...new Set(standard)].toSorted());
});
