import { readFileSync } from 'node:fs';
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { parse } from 'yaml';
import { ConfigurationError } from '../../shared/errors.ts';

/** Stands where CloudFormation puts the function's ARN; syntactically valid, and nobody's. */
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
 * Reads the definition that is deployed. Nothing is changed in it but the functions' ARNs, which only
 * CloudFormation knows.
 *
 * @throws ConfigurationError when the definition is not valid Amazon States Language
 */
export const loadStateMachine = (file: string): StateMachineDefinition => {
  const definition = resolveArns(parse(readFileSync(file, 'utf8'))) as StateMachineDefinition;
  try {
    new StateMachine(definition);
  } catch (error) {
    throw new ConfigurationError(`${file}: ${error instanceof Error ? error.message : error}`);
  }
  return definition;
};

/** Names of the states that call a function. */
export const taskStates = (definition: StateMachineDefinition): string[] =>
  Object.entries(definition.States)
    .filter(([, state]) => state.Type === 'Task')
    .map(([name]) => name);
