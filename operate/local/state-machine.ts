import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import path from 'node:path';
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { parse } from 'yaml';
import { failedWith } from '../../shared/base/files.ts';
import { ConfigurationError } from '../../shared/errors.ts';

/** A placeholder for the function's ARN, which CloudFormation knows: valid in syntax, of no account. */
const functionArn = (logicalId: string): string =>
  `arn:aws:lambda:us-east-1:000000000000:function:${logicalId}`;

const isGetAtt = (value: unknown): value is { 'Fn::GetAtt': [string, string] } =>
  typeof value === 'object' && value !== null && 'Fn::GetAtt' in value && Object.keys(value).length === 1;

const resolveArns = (value: unknown): unknown => {
  if (isGetAtt(value)) return functionArn(value['Fn::GetAtt'][0]);
  if (Array.isArray(value)) return value.map(resolveArns);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolveArns(inner)]));
};

/**
 * Reads the deployed definition. Only the functions' ARNs are replaced, which CloudFormation knows.
 *
 * @param cache directory that remembers validated definitions, because validating takes half a second. Default: Node's
 *   compile cache; none if that is off
 * @throws ConfigurationError when the definition is not valid Amazon States Language
 */
export const loadStateMachine = (file: string, cache = getCompileCacheDir()): StateMachineDefinition => {
  const text = readFileSync(file, 'utf8');
  const definition = resolveArns(parse(text)) as StateMachineDefinition;
  const known =
    cache === undefined
      ? undefined
      : path.join(cache, `valid-state-machine-${createHash('sha256').update(text).digest('hex')}`);
  if (known !== undefined && existsSync(known)) return definition;
  try {
    // A copy, because the validation writes defaults into its argument.
    new StateMachine(structuredClone(definition));
  } catch (error) {
    throw new ConfigurationError(`${file}: ${error instanceof Error ? error.message : error}`);
  }
  if (known !== undefined) remember(known);
  return definition;
};

/** Where the cache cannot be written, the next start validates again. */
const remember = (known: string): void => {
  try {
    writeFileSync(known, '');
  } catch (error) {
    if (!failedWith(error, 'ENOENT', 'EACCES', 'EPERM', 'EROFS', 'ENOSPC')) throw error;
  }
};

/** The names of the states that call a function. */
export const taskStates = (definition: StateMachineDefinition): string[] =>
  Object.entries(definition.States)
    .filter(([, state]) => state.Type === 'Task')
    .map(([name]) => name);
