import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Zone } from '../../shared/lake/paths.ts';

/** The folder to which `npm run package` writes. */
export const PACKAGE = path.resolve(__dirname, '../../dist/package');

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type JsonObject = Record<string, Json>;

interface Resource {
  Type: string;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Properties: JsonObject;
}

interface Template {
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Value: Json }>;
}

const file = path.join(PACKAGE, 'cloudformation-template-update-stack.json');

export const template = (): Template => {
  if (!existsSync(file)) throw new Error(`${file} is not there: run npm run package first.`);
  return JSON.parse(readFileSync(file, 'utf8')) as Template;
};

/** The resources of a type, by logical id. */
export const ofType = (type: string): [string, Resource][] =>
  Object.entries(template().Resources).filter(([, resource]) => resource.Type === type);

export const resource = (logicalId: string): Resource => {
  const found = template().Resources[logicalId];
  if (found === undefined) throw new Error(`The template has no ${logicalId}.`);
  return found;
};

/** The functions that states call; each has the name of its state. */
export const STATES = [
  ...(['Validate', 'ValidateLarge', 'QualityScore', 'QualityScoreLarge'] as const),
  ...(['Transform', 'TransformLarge', 'LoadToGold', 'LoadToGoldLarge', 'Quarantine'] as const),
] as const;

/** The function whose code and role a larger function shares; for any other, the function itself. */
export const twinOf = (name: FunctionName): FunctionName => name.replace(/Large$/, '') as FunctionName;

/** All functions: those of states, and the one that a schedule calls. */
export const FUNCTIONS = [...STATES, 'Maintain'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** The definition of the state machine as it is deployed. */
export const definition = (): { TimeoutSeconds: number; States: Record<string, JsonObject> } => {
  const { DefinitionString } = resource('Pipeline').Properties as {
    DefinitionString: { 'Fn::Sub': [string, JsonObject] };
  };
  return JSON.parse(DefinitionString['Fn::Sub'][0]);
};

/** The logical id of a zone's bucket. */
export const bucketOf = (zone: Zone): string => `${zone.charAt(0).toUpperCase()}${zone.slice(1)}Bucket`;
