import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import type { z } from 'zod';
import {
  OdcsDocument,
  OdcsObject,
  OdcsProperty,
  OdcsQuality,
  OdcsSla,
} from '../../../shared/contract/odcs.ts';

const schema = JSON.parse(readFileSync('tests/fixtures/odcs/odcs-json-schema-v3.1.0.json', 'utf8'));
const shipped = readdirSync('sql').filter((name) =>
  readdirSync(path.join('sql', name)).includes('contract.yaml'),
);

test.each(shipped)('sql/%s/contract.yaml conforms to the standard', (dataset) => {
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const check = ajv.compile(schema);
  check(parse(readFileSync(path.join('sql', dataset, 'contract.yaml'), 'utf8')));
  expect(check.errors ?? []).toEqual([]);
});

/** Every key that the standard's schema allows at a place, with what it composes the place from. */
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
])('what we call unknown in a %s is unknown to the standard', (_, ours, standard) => {
  expect(Object.keys(ours.shape).toSorted()).toEqual([...new Set(standard)].toSorted());
});
